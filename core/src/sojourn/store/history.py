"""What the store gives about the past of jobs: plain values. Times are seconds since the epoch."""

from dataclasses import dataclass

from sojourn.states import State
from sojourn.values.events import JobEvent


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt of a job. `resources`, `usage`, `asked` and `given` are JSON; see `JobRecord`."""

    signature: str
    machine: str
    attempt: int
    state: State
    exit_code: int | None = None
    reason: str = ""
    scheduler_id: str = ""
    token: str = ""
    task_index: int = 0
    submitted_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    job_dir: str = ""
    resources: str = "{}"
    usage: str = "{}"
    asked: str = ""
    given: str = "{}"
    stderr_tail: str = ""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One change of a job's state with the raw words behind it. `id` only ever grows."""

    id: int
    signature: str
    machine: str
    attempt: int
    at: float
    old: State
    new: State
    reason: str
    exit_code: int | None
    source: str
    """Who saw or did it: "poll", "submit", "cancel", ..."""
    evidence: str
    name: str = ""
    workflow: str = ""
    step: str = ""

    def event(self) -> JobEvent:
        """As listeners are told it."""
        return JobEvent(
            signature=self.signature,
            machine=self.machine,
            name=self.name,
            attempt=self.attempt,
            old=self.old,
            new=self.new,
            at=self.at,
            reason=self.reason,
            exit_code=self.exit_code,
            workflow=self.workflow,
            step=self.step,
        )
