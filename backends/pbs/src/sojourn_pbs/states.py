"""From a job's record to the scheduler's word on it: letters, substates and exit statuses.

A letter that is not in the table is reported as it is, never guessed. Substate 92 is called
"finished" and says nothing about success: only `Exit_status` does.
"""

import re

from sojourn.batch.units import seconds, size
from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord, Usage
from sojourn_pbs import ids
from sojourn_pbs.dialects import Dialect
from sojourn_pbs.listing import Record
from sojourn_pbs.units import moment

# W: for its time, or for a second try at staging in. T: on its way into another queue.
# B: an array of which a subjob has begun. S: suspended. U: so, as somebody sits at the computer.
# E: its output is being copied; Exit_status may be there already. F: OpenPBS, with history.
# X: OpenPBS, a subjob of an array that goes on. C: Torque, and Slurm's commands.
# M: moved to another server, so nothing is known here.
PHASES: dict[str, Phase] = {
    **dict.fromkeys("QWT", Phase.WAITING),
    "H": Phase.HELD,
    **dict.fromkeys("RBSU", Phase.RUNNING),
    "E": Phase.FINISHING,
    **dict.fromkeys("FXC", Phase.ENDED),
}

_DELETED = "91"
_WAITS_FOR_JOBS = "22"
_SIGNALLED = 256
_TERMINATED = 271  # SIGTERM
_KILLED = 265  # SIGKILL
_SUSPENDED = {"S": "suspended", "U": "suspended: its computer is in use"}

End = tuple[State | None, int | None, str]
"""Outcome, exit status and reason; no outcome where none is dependable."""

_SIGTERM = {_TERMINATED: (State.CANCELLED, "ended by SIGTERM, which is how qdel does it")}
_RESTARTED = dict.fromkeys((-4, -5, -6), (State.NODE_FAIL, "its node's daemon was restarted"))
ENDS: dict[Dialect, dict[int, tuple[State, str]]] = {
    Dialect.OPENPBS: {
        **_RESTARTED,
        -20: (State.NODE_FAIL, "its node was lost"),
        -26: (State.OUT_OF_MEMORY, "more virtual memory than it asked for"),
        -27: (State.OUT_OF_MEMORY, "more memory than it asked for"),
        -28: (State.TIMEOUT, "more CPU time than it asked for"),
        -29: (State.TIMEOUT, "its walltime was over"),
        # Of a subjob that was about to start when it, or its array, was deleted.
        **_SIGTERM,
        _KILLED: (State.CANCELLED, "ended by SIGKILL, which is how PBS deletes what is starting"),
    },
    Dialect.TORQUE: {
        **_RESTARTED,
        -10: (State.OUT_OF_MEMORY, "more memory than it asked for"),
        -11: (State.TIMEOUT, "its walltime was over"),
        -12: (State.TIMEOUT, "more CPU time than it asked for"),
        **_SIGTERM,
    },
    Dialect.WRAPPERS: {},
}
"""Exit statuses by which the server says more than "failed"; those below 0 are all its own."""


def word(record: Record, dialect: Dialect) -> SchedulerWord:
    """The scheduler's word, with the lines that it was read from."""
    letter, substate = record.get("job_state"), record.get("substate")
    phase = _phase(record, letter, dialect)
    comment = record.get("comment").strip()
    reason = "; ".join(filter(None, (_SUSPENDED.get(letter, ""), comment)))
    outcome: State | None = None
    code: int | None = None
    if phase is Phase.ENDED:
        outcome, code, reason = _end(record, dialect, reason)
    elif phase is Phase.WAITING and record.get("depend"):
        reason = reason or f"waits for {record.get('depend')}"
    elif phase is Phase.HELD:
        reason = reason or f"held {record.get('hold_types')}".rstrip()
    began, ended = (None, None) if _borrowed(record, dialect) else _times(record, dialect, phase)
    # OpenPBS, src/scheduler/constant.h: NEVER_RUN_PREFIX; what waiting cures is "Not Running".
    never = comment if phase is Phase.WAITING and comment.startswith("Can Never Run") else ""
    return SchedulerWord(
        phase,
        native=f"{letter}/{substate}" if substate else letter,
        reason=reason,
        outcome=outcome,
        exit_code=code if code is not None and 0 <= code < _SIGNALLED else None,
        signal=code - _SIGNALLED if code is not None and code > _SIGNALLED else None,
        submitted_at=moment(record.get("qtime" if dialect is Dialect.WRAPPERS else "ctime")),
        started_at=began,
        finished_at=ended,
        never=never,
        name=record.get("job_name"),
        node=",".join(dict.fromkeys(re.findall(r"(?:^|\+)([^/+]+)", record.get("exec_host")))),
        usage=_usage(record, began, ended),
        doubtful=outcome is State.CANCELLED and _is_guess(record, dialect),
        raw=record.text,
    )


def _phase(record: Record, letter: str, dialect: Dialect) -> Phase:
    phase = PHASES.get(letter, Phase.UNKNOWN)
    if dialect is Dialect.WRAPPERS:
        if letter == "U":  # what it has no letter for: OUT_OF_MEMORY, DEADLINE
            return Phase.ENDED
        if phase is Phase.WAITING and record.get("priority") == "0":
            return Phase.HELD
    elif phase in (Phase.WAITING, Phase.HELD):
        # An array's waiting subjobs say Q, and only their Hold_Types that the array is held.
        # To wait for other jobs is a hold of the system's to PBS; no one has to release it.
        holds = record.get("hold_types") or "n"
        waits = record.get("substate") == _WAITS_FOR_JOBS or bool(record.get("depend"))
        if holds == "s" and waits:
            return Phase.WAITING
        return Phase.HELD if letter == "H" or holds != "n" else phase
    return phase


def _end(record: Record, dialect: Dialect, reason: str) -> End:
    """How it has ended."""
    if _borrowed(record, dialect):
        return _swept(record)
    if dialect is Dialect.WRAPPERS:
        return _end_in_slurm(record)
    text = record.get("exit_status")
    code = int(text) if re.fullmatch(r"-?\d{1,9}", text, re.ASCII) else None
    if record.get("substate") == _DELETED and dialect is Dialect.OPENPBS:
        by_scheduler = "terminated by Scheduler@" in reason
        return State.PREEMPTED if by_scheduler else State.CANCELLED, code, reason or "deleted"
    if code is None:
        return _without_status(record, reason)
    if dialect is Dialect.TORQUE and code > _SIGNALLED and _outlived(record):
        return State.TIMEOUT, code, reason or "its walltime was over"
    if code in ENDS[dialect]:
        outcome, why = ENDS[dialect][code]
        return outcome, code, why if code in (_TERMINATED, _KILLED) else reason or why
    if code < 0:
        return State.FAILED, None, reason or f"the server could not run it (Exit_status = {code})"
    return State.COMPLETED if code == 0 else State.FAILED, code, reason


def _borrowed(record: Record, dialect: Dialect) -> bool:
    """Whether a subjob has no record of its own: it waits, or its record was swept away.

    All values but state and comment are its array's then, times and Exit_status included.
    """
    subjob = dialect is Dialect.OPENPBS and ids.index(record.id) is not None
    return subjob and not record.get("array_index")


def _is_guess(record: Record, dialect: Dialect) -> bool:
    """Whether that it was cancelled rests on what its own record lacks."""
    return _borrowed(record, dialect) or (
        dialect is Dialect.WRAPPERS and not record.get("exec_host")
    )


def _swept(record: Record) -> End:
    """A subjob that had ended when others or all of its array were deleted, or that was deleted
    before it ran, or any where history is off: nothing tells these apart."""
    comment = record.get("comment").strip()
    reason = f"{comment or 'ended'}; its own record is gone"
    if comment == "Subjob failed":
        return State.FAILED, None, reason
    deleted = comment == "Subjob terminated" or record.get("substate") == _DELETED
    return State.CANCELLED if deleted else None, None, reason


def _without_status(record: Record, reason: str) -> End:
    if record.get("stime") or record.get("start_time"):
        return None, None, reason or "ended without an exit status"
    if record.get("depend"):
        return State.CANCELLED, None, f"never ran: {record.get('depend')} cannot be met"
    return State.CANCELLED, None, reason or "ended before it ran"


def _end_in_slurm(record: Record) -> End:
    """Slurm's qstat says C of every end. What can be told from its times is told."""
    if record.get("job_state") == "U":
        return State.OUT_OF_MEMORY, None, "ended in a state that qstat has no letter for"
    if not record.get("exec_host"):
        return State.CANCELLED, None, "ended before it ran"
    if _outlived(record):
        return State.TIMEOUT, None, "it ran for as long as its walltime"
    return None, None, "ended; Slurm's qstat does not say how"


def _outlived(record: Record) -> bool:
    """Whether it ran for all of its walltime."""
    limit = seconds(record.get("resource_list.walltime"))
    used = seconds(record.get("resources_used.walltime"))
    if used is None:
        began, ended = moment(record.get("mtime")), moment(record.get("ctime"))
        used = ended - began if began is not None and ended is not None else None
    return limit is not None and used is not None and 0 < limit <= used


def _times(record: Record, dialect: Dialect, phase: Phase) -> tuple[float | None, float | None]:
    """When it began and ended. To Slurm's qstat mtime is the start and ctime the end."""
    over = phase is Phase.ENDED
    if dialect is Dialect.WRAPPERS:
        began = moment(record.get("mtime")) if record.get("exec_host") else None
        return began, moment(record.get("ctime")) if over else None
    began = moment(record.get("stime") or record.get("start_time"))
    last = record.get("obittime") or record.get("comp_time") or record.get("mtime")
    return began, moment(last) if over else None


def _usage(record: Record, began: float | None, ended: float | None) -> Usage | None:
    """What it has used. A memory of 0 kB was never looked at, nor was a job that has run for 0 s."""
    elapsed = seconds(record.get("resources_used.walltime"))
    if elapsed is None and began is not None and ended is not None:
        elapsed = ended - began
    cpus = record.get("resource_list.ncpus")
    if elapsed is None or (elapsed == 0 and ended is None):
        return None
    return Usage(
        elapsed=elapsed,
        cpu=seconds(record.get("resources_used.cput")),
        max_memory=size(record.get("resources_used.mem")) or None,
        allocated_cpus=int(cpus) if re.fullmatch(r"\d{1,9}", cpus, re.ASCII) else None,
    )
