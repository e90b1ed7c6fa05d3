"""What is written down about one job: values and their text, a line of JSON each.

Read by runners, which must start fast: nothing heavy is imported.
"""

import json
import os
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from sojourn_local.layout import Layout, call_id, job_id


class Parent(NamedTuple):
    """An attempt that must have ended before a job may start."""

    signature: str
    attempt: int


class Entry(NamedTuple):
    """A job in the queue: the first line of its file.

    `walltime` is in seconds, `memory` in bytes, both None for no limit; `threads` is told to
    the job; `folder` is the directory of the queue in which it waits.
    """

    token: str
    task: int
    signature: str
    attempt: int
    folder: str
    walltime: float | None = None
    memory: int | None = None
    cpus: int | None = None
    threads: int | None = None
    parents: tuple[Parent, ...] = ()

    @property
    def id(self) -> str:
        return job_id(call_id(self.token), self.task)

    @property
    def attempted(self) -> Parent:
        """Which attempt it is, as its children name it."""
        return Parent(self.signature, self.attempt)

    @property
    def submitted_at(self) -> float:
        """Seconds since the epoch."""
        return int(self.folder.partition("-")[0]) / 1e9

    def encode(self) -> str:
        return _line({n: value for n, value in self._asdict().items() if value not in (None, ())})

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises ValueError for what is not an entry."""
        words = _words(text)
        try:
            parents = tuple(Parent(str(name), int(one)) for name, one in words["parents"] or ())
            return cls(
                token=_text(words, "token"),
                task=int(words["task"]),
                signature=_text(words, "signature"),
                attempt=int(words["attempt"]),
                folder=_text(words, "folder"),
                walltime=words["walltime"],
                memory=words["memory"],
                cpus=words["cpus"],
                threads=words["threads"],
                parents=parents,
            )
        except TypeError as error:
            raise ValueError(f"not an entry of the queue: {error}") from error


class Start(NamedTuple):
    """A job's start, or its adoption by another runner: a further line of its file.

    The job's own process is named by `world` (see `processes.world`), `pid` and `start`, its
    runner's by `runner` and `runner_start`. `at` is seconds since the epoch.
    """

    world: str
    pid: int
    start: str
    runner: int
    runner_start: str
    slot: int
    at: float

    def encode(self) -> str:
        return _line(self._asdict())

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises ValueError for what is not a start, a torn line included."""
        words = _words(text)
        try:
            return cls(**{name: words[name] for name in cls._fields})
        except TypeError as error:
            raise ValueError(f"not a start: {error}") from error


class End(NamedTuple):
    """What became of a job; times are seconds since the epoch, `max_memory` is in bytes.

    `signature` and `attempt` say whose end it is, "" and 0 where that could not be read.
    `status` and `signal` are job.sh's own, both None where nobody saw it end. `outcome` is the
    name of a final state, "" where the exit file must tell.
    """

    outcome: str = ""
    reason: str = ""
    signature: str = ""
    attempt: int = 0
    status: int | None = None
    signal: int | None = None
    submitted_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    elapsed: float | None = None
    cpu: float | None = None
    max_memory: int | None = None
    cpus: int | None = None

    @classmethod
    def of(cls, entry: Entry, outcome: str, reason: str) -> Self:
        """The end of a job, with what its entry tells."""
        return cls(
            outcome,
            reason,
            entry.signature,
            entry.attempt,
            submitted_at=entry.submitted_at,
            finished_at=time.time(),
            cpus=entry.cpus,
        )

    def encode(self) -> str:
        return _line({name: value for name, value in self._asdict().items() if value is not None})

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises ValueError for what is not an end."""
        words = _words(text)
        given = {name: words[name] for name in cls._fields if words[name] is not None}
        return cls(**given)

    def write(self, layout: Layout, job: str) -> None:
        """Write it down whole, so that it is there or not."""
        target = layout.ended / job
        draft = layout.ended / f".{job}.{os.getpid()}"
        draft.write_text(self.encode())
        draft.chmod(0o666 & ~layout.umask)
        draft.replace(target)


def read_job(text: str) -> tuple[Entry, Start | None]:
    """A job's file: the entry, and the last start in it if there is a whole one.

    Raises:
        ValueError: it holds no entry.
    """
    first, *more = text.splitlines() or [""]
    started = None
    for line in filter(None, more):
        try:
            started = Start.decode(line)
        except ValueError:
            continue  # Torn: its writer died before it let the job go.
    return Entry.decode(first), started


class _Missing(dict[str, Any]):
    def __missing__(self, key: str) -> None:
        return None


def _line(words: Mapping[str, object]) -> str:
    return json.dumps(words, separators=(",", ":")) + "\n"


def _text(words: Mapping[str, Any], name: str) -> str:
    value = words[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not a text")
    return value


def _words(text: str) -> _Missing:
    words = json.loads(text)
    if not isinstance(words, dict):
        raise ValueError("not a mapping")
    return _Missing(words)
