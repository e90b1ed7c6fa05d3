"""What a backend reports of jobs: the scheduler's word, and what lies there. See `messages`."""

from dataclasses import dataclass
from enum import StrEnum

from sojourn.states import State


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

    Times are seconds since the epoch. `never` is set for a waiting or held job that the scheduler
    says can never start as it is asked for, to its reason; nobody waits for such a job any longer.
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
    name: str = ""
    """The job's name in the queue, "" where it is not shown: tells whether the id is ours."""
    node: str = ""
    usage: Usage | None = None
    conclusive: bool = False
    """With ENDED: an exit file that is not there now will not come, so nothing is waited for."""
    doubtful: bool = False
    """With an outcome: it was not read from a record of the job's own, and an exit file outranks it."""
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
    "asked" (the job was signalled), "unlisted" (outputs could not be listed) or "again" (the scheduler cut it off and started it anew,
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
    cancelled: bool = False
    """Sojourn was about to ask the scheduler to end it, before it had left an exit file."""
    exit_error: str = ""
    """Why an exit file that is there could not be read."""
    id_error: str = ""
    """What stands where an id should be, in `id` or `started`, and is none."""


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """Evidence on one job; `site` is None for a job shown waiting, whose files are not read."""

    signature: str
    attempt: int
    word: SchedulerWord
    site: SiteEvidence | None = None
