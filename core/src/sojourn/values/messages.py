"""What core and a backend say to each other: batches of these values in, batches out.

Plain frozen dataclasses: thousands are made in one poll, and every backend author reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sojourn.states import State
from sojourn.values.resources import Resources

# --- what is handed in ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that must lie on the machine under their SHA-256, wherever they come from.

    `source` is a file here, the bytes themselves, or a directory (`tree`), which travels as
    one deterministic tar archive whose digest this is.
    """

    digest: str
    size: int
    source: Path | bytes
    tree: bool = False


@dataclass(frozen=True, slots=True)
class TaskInput:
    """One entry that job.sh puts into `work/` before the command runs.

    `kind` says where it comes from: "blob" (a file, by `digest`), "tree" (a tar archive, by
    `digest`), "output" (`output` of the job `signature`, attempt `attempt`, on this machine)
    or "remote" (`path` on the machine, always a link).
    """

    name: str
    kind: str
    digest: str = ""
    executable: bool = False
    signature: str = ""
    attempt: int = 0
    output: str = ""
    path: str = ""
    readonly: bool = False


@dataclass(frozen=True, slots=True)
class Parent:
    """A job whose end and outputs job.sh checks before it runs the command.

    `scheduler_id` is "" if the parent is in the same batch or has ended already.
    """

    signature: str
    attempt: int
    scheduler_id: str = ""


@dataclass(frozen=True, slots=True)
class JobOrder:
    """One attempt of one job, with all that job.sh needs to know. Values are not quoted yet."""

    signature: str
    attempt: int
    name: str
    resources: Resources
    command: str = ""
    """A shell line, or a list of arguments already quoted to one."""
    script: str = ""
    """Text of an existing batch script, run instead of `command`."""
    setup: tuple[str, ...] = ()
    """Shell lines before the command."""
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    inputs: tuple[TaskInput, ...] = ()
    outputs: tuple[str, ...] = ()
    """Names or globs that must match something when the command has succeeded."""
    remote_outputs: tuple[str, ...] = ()
    """The same, left on the machine until asked for."""
    check: str = ""
    accept_exit: tuple[int, ...] = (0,)
    parents: tuple[Parent, ...] = ()
    blobs: tuple[Blob, ...] = ()
    record: str = "{}"
    """One line of JSON for `job.json`: enough to rebuild the store."""


@dataclass(frozen=True, slots=True)
class JobRef:
    """An attempt that was handed in. `token` and `scheduler_id` are "" where not known here."""

    signature: str
    attempt: int
    token: str = ""
    index: int = 0
    scheduler_id: str = ""


class Settled(StrEnum):
    """What is known of an attempt after submit or find."""

    HANDED_IN = "handed-in"
    """In the scheduler's hands, under `scheduler_id`, by this or another client."""
    PENDING = "pending"
    """Claimed by a submission that may still be going on: ask again later."""
    ABSENT = "absent"
    """Nothing is claimed: the attempt may be handed in."""
    CLOSED = "closed"
    """The attempt can never run: the next attempt may be made."""
    REFUSED = "refused"
    """The scheduler refused the job, and the claim was given back; `reason` says why."""
    FULL = "full"
    """The scheduler takes no more jobs of this user now; the claim was given back."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The answer to submit and find, one for each job asked about."""

    signature: str
    attempt: int
    outcome: Settled
    token: str = ""
    index: int = 0
    scheduler_id: str = ""
    reason: str = ""
    evidence: str = ""
    """The scheduler's own words, verbatim."""
    gone: tuple[str, ...] = ()
    """With ABSENT: jobs whose outputs it takes, and which are not on the machine any more."""


# --- what is reported -----------------------------------------------------------------------------


class Phase(StrEnum):
    """What the scheduler's word says of a job, before core judges."""

    WAITING = "waiting"
    HELD = "held"
    RUNNING = "running"
    FINISHING = "finishing"
    ENDED = "ended"
    ABSENT = "absent"
    """A complete answer that does not hold the job. Never the same as ended."""
    UNKNOWN = "unknown"
    """No dependable answer about this job, or a state that this release does not know."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a job has used: seconds, CPU seconds, bytes; None where not accounted."""

    elapsed: float | None = None
    cpu: float | None = None
    max_memory: int | None = None
    allocated_cpus: int | None = None


@dataclass(frozen=True, slots=True)
class SchedulerWord:
    """The scheduler's word on one job. `outcome` is a final state, given only with ENDED.

    Times are seconds since the epoch. `never` is set for a waiting job that the scheduler
    says can never start, to its reason.
    """

    phase: Phase
    native: str = ""
    """The scheduler's own name of the state."""
    reason: str = ""
    outcome: State | None = None
    exit_code: int | None = None
    signal: int | None = None
    submitted_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    never: str = ""
    node: str = ""
    usage: Usage | None = None
    conclusive: bool = False
    """With ENDED: an exit file that is not there now will not come, so nothing is waited for."""
    raw: str = ""
    """The lines this was read from, verbatim."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """Something that a job has left in `work/`: kind "f" a file, "d" a directory, "l" a link."""

    name: str
    size: int
    kind: str = "f"
    target: str = ""
    remote: bool = False


@dataclass(frozen=True, slots=True)
class ExitReport:
    """What job.sh wrote when the command had ended.

    `ok` is job.sh's verdict: an accepted status, a check that held, every output there. `phase`
    names what decided the end: "command", "setup", "check", "inputs", "parent", "outputs",
    "asked" (the whole job got SIGTERM) or "again" (the scheduler cut it off and started it anew,
    which it may not); `detail` is the setup line, the input, the parent or the
    first missing output.
    """

    status: int
    phase: str
    detail: str
    started_at: float
    finished_at: float
    ok: bool = False
    missing: tuple[str, ...] = ()
    files: tuple[OutputFile, ...] = ()
    run: str = ""


@dataclass(frozen=True, slots=True)
class SiteEvidence:
    """What lies in an attempt's directory on the machine.

    `present` is whether the attempt's directory and the job's job.json are there; `claim` is
    the token found in it ("" if there is none), `claim_array` whether that submission was an
    array, `id` the id file's text: the id as printed, and the index or `-`. `started_id` is the scheduler
    id under which it started, which outranks `id`. Ages are seconds by the machine's clock.
    """

    present: bool
    claim: str = ""
    claim_index: int = 0
    claim_array: bool = False
    claim_age: float = 0.0
    id: str = ""
    started: bool = False
    started_id: str = ""
    started_at: float | None = None
    closed: bool = False
    exit: ExitReport | None = None
    exit_error: str = ""
    """Why an exit file that is there could not be read."""


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """Evidence on one job; `site` is None for a job shown waiting, whose files are not read."""

    signature: str
    attempt: int
    word: SchedulerWord
    site: SiteEvidence | None = None


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
