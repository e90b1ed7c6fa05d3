"""What core and a backend say to each other: batches of these values in, batches out.

Plain frozen dataclasses: thousands are made in one poll, and every backend author reads them.
All of them are imported from here, wherever they are written down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sojourn.values.evidence import (
    ExitReport,
    OutputFile,
    Phase,
    PollAnswer,
    SchedulerWord,
    SiteEvidence,
    Usage,
)
from sojourn.values.orders import Blob, JobOrder, JobRef, Parent, Settled, Settlement, TaskInput

__all__ = [
    "Blob",
    "Change",
    "Changed",
    "CheckLine",
    "ExitReport",
    "FetchAnswer",
    "FetchRequest",
    "JobOrder",
    "JobRef",
    "OutputFile",
    "Parent",
    "Phase",
    "PollAnswer",
    "SchedulerWord",
    "Settled",
    "Settlement",
    "SiteEvidence",
    "TaskInput",
    "Usage",
]

# --- files ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """Bring files of an attempt into the directory `target`, which exists and is private.

    The files are those that its exit file names, less the ones that stay on the machine;
    with `remote`, those of the latter that match these patterns instead. With `partial`,
    what `partial` matches in the job's directory now, whether it has ended or not; what cannot
    be had is then left out instead of being an error. Names are relative to `work/`. With
    `logs_target`, its stdout and stderr come too, into that directory.
    """

    signature: str
    attempt: int
    target: Path
    logs_target: Path | None = None
    remote: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchAnswer:
    """What was brought: `files`, with `digests` as computed on the machine and verified here.

    `exit` is the exit file's report. A non-empty `error` says what kept this job's files from
    coming; others are not affected.
    """

    signature: str
    files: tuple[OutputFile, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    exit: ExitReport | None = None
    error: str = ""
    left_out: tuple[OutputFile, ...] = ()
    """Links that lead out of the job's directory: they are not made here, and not in `files`."""


# --- changes by hand ------------------------------------------------------------------------------


class Changed(StrEnum):
    """What became of a request to cancel, hold or release a job."""

    DONE = "done"
    """Asked of the scheduler, which took it."""
    NEVER_RUNS = "never-runs"
    """Cancel only: the attempt had not started and is closed; it cannot run any more."""
    FINISHED = "finished"
    """It had ended before; nothing was changed."""
    ABSENT = "absent"
    """Neither the scheduler nor the machine knows it."""
    REFUSED = "refused"
    """The scheduler said no; `reason` has its words."""


@dataclass(frozen=True, slots=True)
class Change:
    """The answer to cancel, hold and release, one for each job."""

    signature: str
    attempt: int
    outcome: Changed
    reason: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing that `sojourn machines check` tried; `ok` is None for a remark."""

    what: str
    ok: bool | None
    detail: str = ""
    advice: str = ""
