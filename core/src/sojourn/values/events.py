"""What listeners are told."""

from dataclasses import dataclass

from sojourn.states import State


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One recorded change of a job's state. `at` is seconds since the epoch."""

    signature: str
    machine: str
    name: str
    attempt: int
    old: State
    new: State
    at: float
    reason: str = ""
    exit_code: int | None = None
    workflow: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class SuspensionNotice:
    """A host waits for `signatures`. `workflow` is "" for a plain session."""

    workflow: str
    signatures: tuple[str, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Resumption:
    """A host goes on; `ready` are the signatures it had waited for that are final now."""

    workflow: str
    ready: tuple[str, ...]
    at: float
