"""What a job was asked to be run with, and what of that has changed since. Pure.

None of it belongs to a signature: the same job may be asked for with more memory or another
queue. What was asked for is recorded with each attempt, and compared with what is asked now.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sojourn.session.orders import effective_resources
from sojourn.states import FINAL, State
from sojourn.values.amounts import resource_text
from sojourn.values.resources import Resources

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.machines.model import Machine
    from sojourn.store.records import JobRecord

_WAITING = frozenset({State.QUEUED, State.HELD})
_LINES = {"setup": "the machine's setup", "shell": "the machine's shell"}


@dataclass(frozen=True, slots=True)
class Request:
    """What job and machine ask for together, before the words of a retry.

    `lines` are the machine's own `setup` and `shell`, as far as they are known.
    """

    resources: Resources
    lines: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> str:
        """As it is recorded."""
        words = self.resources.model_dump(mode="json", exclude_defaults=True)
        return json.dumps({"resources": words, **dict(self.lines)})


def request_of(signed: "SignedJob", machine: "Machine") -> Request:
    """What is asked for now."""
    lines = (("setup", machine.setup), ("shell", machine.shell))
    return Request(effective_resources(signed, machine), lines)


def request_text(signed: "SignedJob", machine: "Machine") -> str:
    """The same as it is recorded; one text for all that ask for the same."""
    return _text(request_of(signed, machine))


@lru_cache(maxsize=256)
def _text(request: Request) -> str:
    return request.to_json()


@lru_cache(maxsize=1024)
def _read(text: str) -> Request:
    told: dict[str, Any] = json.loads(text)
    words = Resources.model_validate(told.pop("resources", {}))
    return Request(words, tuple((word, str(line)) for word, line in told.items()))


@lru_cache(maxsize=256)
def _words(text: str) -> Resources:
    return Resources.model_validate_json(text)


def given_words(record: "JobRecord") -> Resources:
    """The resource words that retries were given."""
    return _words(record.given)


def still_given(record: "JobRecord", now: Request) -> Resources:
    """Those of them that still hold: what the job asks for otherwise since then is newer."""
    given = given_words(record)
    if not record.asked or given == Resources():
        return given
    changed = _changed(_read(record.asked).resources, now.resources)
    return given.model_copy(update={word: _NOTHING[word] for word in changed})


_NOTHING: Mapping[str, Any] = {
    name: field.default for name, field in Resources.model_fields.items()
}


def _changed(before: Resources, now: Resources) -> tuple[str, ...]:
    return tuple(w for w in Resources.model_fields if getattr(before, w) != getattr(now, w))


@dataclass(frozen=True, slots=True)
class RequestChange:
    """A recorded job that is asked for otherwise than its newest attempt was.

    `before` and `now` are the resource words that differ, with their values as people write
    them, None where one is not given; `lines` are the machine's own that are others now.
    """

    record: "JobRecord"
    signed: "SignedJob"
    before: Mapping[str, str | None]
    now: Mapping[str, str | None]
    lines: tuple[str, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether the attempt waits in the queue, so that it may be replaced."""
        return self.record.state in _WAITING

    @property
    def failed(self) -> bool:
        """Whether the attempt ended, but not well, so that another may be made."""
        state = self.record.state
        return state in FINAL and state is not State.COMPLETED and not self.record.blocked_by

    def __str__(self) -> str:
        word = _TOLD.get(self.record.state, "failed" if self.failed else f"{self.record.state}")
        parts = []
        if self.now:
            parts.append(f"{word} with {_pairs(self.before)}")
            parts.append(f"asks for {_pairs(self.now, single=len(self.now) == 1)} now")
        elif self.lines:
            parts.append(word)
        parts += [f"{_LINES[line]} has changed since" for line in self.lines]
        return "; ".join(parts)


_TOLD = {
    State.CANCELLED: "was cancelled",
    State.QUEUED: "waits",
    State.HELD: "is held",
    State.RUNNING: "runs",
}


def _pairs(words: Mapping[str, str | None], *, single: bool = False) -> str:
    """`memory=150MiB, no queue`; of a single one whose name is told already, its value."""
    if single and (value := next(iter(words.values()))) is not None:
        return value
    return ", ".join(f"no {w}" if v is None else f"{w}={v}" for w, v in words.items())


def request_change(
    record: "JobRecord", signed: "SignedJob", machine: "Machine"
) -> RequestChange | None:
    """What differs between the newest attempt's request and what is asked now; None if nothing
    does, or if what was asked then is not known."""
    if not record.asked or record.asked == request_text(signed, machine):
        return None
    before, now = _read(record.asked), request_of(signed, machine)
    was = given_words(record).over(before.resources)
    becomes = still_given(record, now).over(now.resources)
    words = _changed(was, becomes)
    recorded = dict(before.lines)
    lines = tuple(word for word, line in now.lines if recorded.get(word, line) != line)
    if not words and not lines:
        return None
    return RequestChange(record, signed, _values(was, words), _values(becomes, words), lines)


def asked_walltime(record: "JobRecord") -> int | None:
    """Seconds that the newest attempt asked for; None if it did not, or that cannot be read."""
    if record.resources in ("{}", ""):
        return None
    try:
        return Resources.model_validate_json(record.resources).walltime
    except ValueError:
        return None


def _values(resources: Resources, words: Sequence[str]) -> dict[str, str | None]:
    given = resources.given()
    return {w: resource_text(w, given[w]) if w in given else None for w in words}
