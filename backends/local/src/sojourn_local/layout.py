"""Names that the local queue adds below a machine's root, and the ids of its jobs: pure.

    queue/<time>-<T>/<index>   waiting jobs: one directory a call, one file a job
    held/<id>                  jobs kept from starting
    running/<id>               jobs that a runner has, or had when it died
    running/<id>.cancel        the wish to end one
    ended/<id>                 what became of them
    ended.pruned               when old ones were last forgotten
    slots/<k>                  locked by the runner of slot k and by what it runs
    runners.log                what runners say when something is wrong

T is the first twelve digits of the submission's token. A job is one file that moves from one
directory to the next by rename; whoever moves it holds the file's lock.
"""

import os
import stat
from pathlib import Path
from typing import NamedTuple

FOLDERS = ("queue", "held", "running", "ended", "slots")
"""The directories below the root that the queue is made of."""


class Layout(NamedTuple):
    """The places below one root, which is an absolute path."""

    root: Path

    @property
    def queue(self) -> Path:
        return self.root / "queue"

    @property
    def held(self) -> Path:
        return self.root / "held"

    @property
    def running(self) -> Path:
        return self.root / "running"

    @property
    def ended(self) -> Path:
        return self.root / "ended"

    @property
    def slots(self) -> Path:
        return self.root / "slots"

    @property
    def log(self) -> Path:
        return self.root / "runners.log"

    def cancel_of(self, job: str) -> Path:
        """The file whose presence says that a running job is to be ended."""
        return self.running / f"{job}.cancel"

    def submission(self, token: str) -> Path:
        """The directory of a submission."""
        return self.root / "submissions" / token

    def attempt(self, signature: str, number: int) -> Path:
        """The directory of an attempt."""
        return self.root / "jobs" / signature[:2] / signature / str(number)

    @property
    def umask(self) -> int:
        """0o027 for a root that a group shares, else 0o077, whatever the process's own is."""
        return 0o027 if self.root.stat().st_mode & stat.S_ISGID else 0o077

    def open_log(self) -> int:
        """A descriptor that adds to the log."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        return os.open(self.log, flags, 0o666 & ~self.umask)


def call_id(token: str) -> str:
    """What stands for all jobs of a submission."""
    return token[:12]


def job_id(call: str, index: int) -> str:
    """The id of one job."""
    return f"{call}.{index}"


def is_id(text: str) -> bool:
    """Whether this may be a job's id: what is not has no business as a file's name."""
    call, dot, index = text.rpartition(".")
    return bool(dot) and call.isalnum() and index.isascii() and index.isdigit()


def is_call_or_id(text: str) -> bool:
    """Whether this may be a job's id, or what stands for all jobs of a submission."""
    return is_id(text) or (text.isascii() and text.isalnum())


def split_id(job: str) -> tuple[str, int]:
    """The call and the index of a job's id."""
    call, _, index = job.rpartition(".")
    return call, int(index)


def folder_name(time_ns: int, token: str) -> str:
    """The name of a call's directory in the queue; names sort by time."""
    return f"{time_ns:020d}-{call_id(token)}"


def call_of(folder: str) -> str:
    """The call that a directory of the queue belongs to; "" if it is none of ours."""
    time, dash, call = folder.partition("-")
    return call if dash and time.isdigit() else ""
