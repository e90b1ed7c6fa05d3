"""The states of a job and the legal changes between them: the one place for both.

Imports nothing heavy: `sojourn list` and `--help` read this module.
"""

from enum import StrEnum


class State(StrEnum):
    """Where the newest attempt of a job stands."""

    NEW = "NEW"
    """Known here, not handed in: also what a full queue sends a job back to."""
    SUBMITTING = "SUBMITTING"
    """Being handed in; whether the scheduler has it is not known yet."""
    QUEUED = "QUEUED"
    """In the scheduler's queue."""
    HELD = "HELD"
    """In the queue and held back by a person or the scheduler."""
    RUNNING = "RUNNING"
    """The command is running."""
    FINISHING = "FINISHING"
    """Ended, by the scheduler's word or by its exit status, and the other of the two is not known yet."""
    COMPLETED = "COMPLETED"
    """Ended with an accepted exit status, not killed by the scheduler, and every output is there."""
    FAILED = "FAILED"
    """Ended with another exit status, or with an output missing, or never able to run."""
    CANCELLED = "CANCELLED"
    """Deleted by a person, perhaps as it ended, or not run because a parent failed."""
    TIMEOUT = "TIMEOUT"
    """Killed at its walltime, perhaps as it ended."""
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    """Killed for using more memory than it asked for."""
    NODE_FAIL = "NODE_FAIL"
    """Its node went away under it."""
    PREEMPTED = "PREEMPTED"
    """Pushed out by a job of higher priority."""
    LOST = "LOST"
    """The scheduler no longer knows it and it left no exit status."""

    @property
    def is_final(self) -> bool:
        """Whether the attempt has ended: nothing of it runs any more, and only a retry begins
        another. (LOST is left once more if an exit status shows up late.)"""
        return self in FINAL


ACTIVE: frozenset[State] = frozenset(
    {
        State.NEW,
        State.SUBMITTING,
        State.QUEUED,
        State.HELD,
        State.RUNNING,
        State.FINISHING,
    }
)
"""States from which a job goes on by itself."""

FINAL: frozenset[State] = frozenset(State) - ACTIVE
"""States that only `retry` (a new attempt) leaves, except LOST."""

HANDED_IN: frozenset[State] = ACTIVE - {State.NEW}
"""States in which something may lie on the machine, so that polling makes sense."""

_ENDS = FINAL
_QUEUE = frozenset({State.QUEUED, State.HELD, State.RUNNING, State.FINISHING})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.SUBMITTING, State.CANCELLED, State.FAILED}) | _QUEUE | _ENDS,
    State.SUBMITTING: frozenset({State.NEW}) | _QUEUE | _ENDS,
    State.QUEUED: (_QUEUE - {State.QUEUED}) | _ENDS | {State.NEW},
    State.HELD: (_QUEUE - {State.HELD}) | _ENDS | {State.NEW},
    State.RUNNING: (_QUEUE - {State.RUNNING}) | _ENDS,
    State.FINISHING: (_QUEUE - {State.FINISHING}) | _ENDS,
    # A final state is left by a new attempt; LOST also by an exit status that shows up late.
    **{state: frozenset({State.NEW}) for state in FINAL - {State.LOST}},
    State.LOST: (FINAL - {State.LOST}) | {State.NEW, State.RUNNING},
}
"""Legal changes. A state may always stay what it is; that is not a change."""


def may_become(old: State, new: State) -> bool:
    """Whether a job in state `old` may be recorded as `new`."""
    return old == new or new in TRANSITIONS[old]
