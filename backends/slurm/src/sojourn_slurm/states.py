"""What Slurm's words mean: states, reasons and exit codes, of releases 20.11 and later.

A word that is not in the tables is reported as it is, never guessed.
"""

import re

from sojourn.states import State
from sojourn.values.messages import Phase

STATES: dict[str, tuple[Phase, State | None]] = {
    "PENDING": (Phase.WAITING, None),
    "CONFIGURING": (Phase.WAITING, None),  # its nodes are booting
    "EXPEDITING": (Phase.WAITING, None),  # started again in front of all others
    "REQUEUED": (Phase.WAITING, None),
    "REQUEUE_FED": (Phase.WAITING, None),
    "REQUEUED_CRON": (Phase.WAITING, None),
    "REQUEUE_HOLD": (Phase.HELD, None),
    "RESV_DEL_HOLD": (Phase.HELD, None),
    "SPECIAL_EXIT": (Phase.HELD, None),  # started again by an exit code that the site chose
    "RUNNING": (Phase.RUNNING, None),
    "RESIZING": (Phase.RUNNING, None),
    "SIGNALING": (Phase.RUNNING, None),
    "STOPPED": (Phase.RUNNING, None),
    "SUSPENDED": (Phase.RUNNING, None),
    "COMPLETING": (Phase.FINISHING, None),  # hides how it ended
    "STAGE_OUT": (Phase.FINISHING, None),
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

_NEVER = tuple(
    (re.compile(pattern), why)
    for pattern, why in (
        (r"PartitionTimeLimit$", "its walltime is longer than its queue allows"),
        (r"PartitionNodeLimit$", "it asks for more or fewer nodes than its queue has or allows"),
        (r"PartitionConfig$", "it asks for more than its queue has or allows"),
        (r"BadConstraints$", "no node has what it asks for"),
        (r"DependencyNeverSatisfied$", "a job that it depends on did not end as it requires"),
        (r"ReservationDeleted$", "its reservation was deleted"),
        (r"MaxMemPerLimit$", "it asks for more memory than is allowed"),
        (r"(Assoc|QOS)MaxWallDuration", "its walltime is longer than its account or QOS allows"),
        (r"(Assoc|QOS)Max\w+Per(Job|Node)", "it asks for more than its account or QOS allows"),
        (r"QOSMin", "it asks for less than its QOS demands"),
        (r"InvalidAccount$|AccountNotAllowed$", "its account is not valid, or not for its queue"),
        (r"InvalidQOS$|QOSNotAllowed$", "its QOS is not valid, or not for its queue"),
    )
)
"""Limits on what one job may ask for. Limits on many jobs together, and nodes or queues that
are down, pass."""

_NOT_LAUNCHED = 53
_SIGNALS = 64
_HELD = re.compile(r"JobHeld|JobHold|requeued[ _]held|in[ _]held[ _]state")


def meaning(word: str, reason: str = "") -> tuple[Phase, State | None]:
    """What a state (`CANCELLED by 1001` included) says, with the reason it is printed with."""
    first = word.split(" ", 1)[0].rstrip("+")
    phase, outcome = STATES.get(first, (Phase.UNKNOWN, None))
    if phase is Phase.WAITING and _HELD.search(reason):
        phase = Phase.HELD
    return phase, outcome


def never(reason: str) -> str:
    """Why a waiting job can never start, in words; "" if the reason does not say so."""
    why = next((why for pattern, why in _NEVER if pattern.match(reason)), "")
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
