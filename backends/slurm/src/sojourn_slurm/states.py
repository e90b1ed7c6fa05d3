"""What Slurm's words mean: states, reasons and exit codes, of releases 20.11 and later.

A word that is not in the tables is reported as it is, never guessed.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from sojourn.batch import commands
from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord

# CONFIGURING: its nodes are booting. EXPEDITING: started again in front of all others.
_WAITING = ("PENDING", "CONFIGURING", "EXPEDITING", "REQUEUED", "REQUEUE_FED", "REQUEUED_CRON")
# SPECIAL_EXIT: started again by an exit code that the site chose.
_HELD = ("REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT")
_RUNNING = ("RUNNING", "RESIZING", "SIGNALING", "STOPPED", "SUSPENDED")
# COMPLETING hides how it ended.
_FINISHING = ("COMPLETING", "STAGE_OUT")

STATES: dict[str, tuple[Phase, State | None]] = {
    **dict.fromkeys(_WAITING, (Phase.WAITING, None)),
    **dict.fromkeys(_HELD, (Phase.HELD, None)),
    **dict.fromkeys(_RUNNING, (Phase.RUNNING, None)),
    **dict.fromkeys(_FINISHING, (Phase.FINISHING, None)),
    "COMPLETED": (Phase.ENDED, State.COMPLETED),
    "FAILED": (Phase.ENDED, State.FAILED),
    "CANCELLED": (Phase.ENDED, State.CANCELLED),
    "TIMEOUT": (Phase.ENDED, State.TIMEOUT),
    "DEADLINE": (Phase.ENDED, State.TIMEOUT),  # its --deadline: more time or an earlier start helps
    "OUT_OF_MEMORY": (Phase.ENDED, State.OUT_OF_MEMORY),
    "NODE_FAIL": (Phase.ENDED, State.NODE_FAIL),
    "BOOT_FAIL": (Phase.ENDED, State.NODE_FAIL),
    "PREEMPTED": (Phase.ENDED, State.PREEMPTED),
    # REVOKED: another cluster of the federation has it, so nothing is known here.
}

_NEVER = (
    ("its walltime is longer than its queue allows", r"^PartitionTimeLimit$"),
    ("it asks for more or fewer nodes than its queue has or allows", r"^PartitionNodeLimit$"),
    ("it asks for more than its queue has or allows", r"^PartitionConfig$"),
    ("no node has what it asks for", r"^BadConstraints$"),
    ("a job that it depends on did not end as it requires", r"^DependencyNeverSatisfied$"),
    ("its reservation was deleted", r"^ReservationDeleted$"),
    ("it asks for more memory than is allowed", r"^MaxMemPerLimit$"),
    ("its walltime is longer than its account or QOS allows", r"^(Assoc|QOS)MaxWallDuration"),
    ("it asks for more than its account or QOS allows", r"^(Assoc|QOS)Max\w+Per(Job|Node)"),
    ("it asks for less than its QOS demands", r"^QOSMin"),
    ("its account is not valid, or not for its queue", r"^(InvalidAccount|AccountNotAllowed)$"),
    ("its QOS is not valid, or not for its queue", r"^(InvalidQOS|QOSNotAllowed)$"),
)
"""Limits on what one job may ask for. Limits on many jobs together, and nodes or queues that
are down, pass. Source: squeue(1), "JOB REASON CODES", and Slurm's guide to resource limits."""

_NOT_LAUNCHED = 53
_SIGNALS = 64
_HELD_BY_REASON = re.compile(r"JobHeld|JobHold|requeued[ _]held|in[ _]held[ _]state")


def meaning(word: str, reason: str = "") -> tuple[Phase, State | None]:
    """What a state (`CANCELLED by 1001` included) says, with the reason it is printed with."""
    first = word.split(" ", 1)[0].rstrip("+")
    phase, outcome = STATES.get(first, (Phase.UNKNOWN, None))
    if phase is Phase.WAITING and _HELD_BY_REASON.search(reason):
        phase = Phase.HELD
    return phase, outcome


@lru_cache(256)
def never(reason: str) -> str:
    """Why a waiting job can never start, in words; "" if the reason does not say so."""
    why = commands.meaning(reason, _NEVER, "")
    return f"{reason}: {why}" if why else ""


def ending(status: str, outcome: State | None, reason: str) -> tuple[int | None, int | None, str]:
    """Exit code, signal and reason of what ended with `3:0`, or a wait status as older squeue say.

    Slurm says 0 of a job that it ended itself, which is no exit code of the job's; 53 is how it
    says that it could not start the job; above 64 are marks of its own.
    """
    code, colon, number = status.strip().partition(":")
    if not code.isdecimal() or (colon and not number.isdecimal()):
        return None, None, reason
    exited, signal = (int(code), int(number)) if colon else (int(code) >> 8, int(code) & 127)
    if outcome is State.FAILED and signal == _NOT_LAUNCHED:
        return None, None, "JobLaunchFailure: could not be started on its node"
    if outcome is State.FAILED and 0 < signal <= _SIGNALS:
        # Releases up to 22.05 call this JobLaunchFailure, too.
        memory = " (what too much memory comes to where no cgroup limits it)" if signal == 9 else ""
        return None, signal, f"RaisedSignal: {signal}{memory}"
    if signal:
        return None, signal if signal <= _SIGNALS else None, reason
    return (exited if exited or outcome is State.COMPLETED else None), None, reason


def moment(text: str) -> float | None:
    """Seconds since the epoch; None for N/A, Unknown, None and whatever else is no number."""
    return float(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else None


def word(
    native: str, reason: str, status: str, times: Iterable[str], node: str, raw: str
) -> SchedulerWord:
    """A job as both sources print it; `times` are those of its submission, start and end.

    The start is an estimate while it waits, the end its limit while it runs.
    """
    phase, outcome = meaning(native, reason)
    code, signal = None, None
    if outcome is not None:
        code, signal, reason = ending(status, outcome, reason)
    submitted, started, finished = map(moment, times)
    return SchedulerWord(
        phase,
        native,
        reason,
        outcome,
        code,
        signal,
        submitted_at=submitted,
        started_at=None if phase in (Phase.WAITING, Phase.HELD) else started,
        finished_at=finished if outcome else None,
        node=node,
        raw=raw,
    )
