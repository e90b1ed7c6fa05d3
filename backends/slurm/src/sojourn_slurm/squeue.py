"""The controller's word: what to ask of squeue, and reading what it prints.

It knows all that waits and runs, and what ended less than MinJobAge (300 s) ago.
"""

from collections.abc import Iterable

from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord
from sojourn_slurm.commands import Commands
from sojourn_slurm.ids import Answers
from sojourn_slurm.states import ending, meaning, moment, never


def _format(*fields: str) -> str:
    return ",".join(f"{field}:0|" for field in fields)


# The reason comes last: it may hold anything.
_FIELDS = ("JobArrayID", "State", "SubmitTime", "StartTime", "EndTime", "exit_code", "NodeList")
_ALL = ("--noheader", "--array", "--states=all")
UNKNOWN_ID = "Invalid job id specified"
"""What squeue says of a single id that it does not know; of several it says nothing."""


def ask(commands: Commands, jobs: Iterable[str]) -> str:
    """The call that asks about jobs and whole arrays."""
    asked = f"--jobs={','.join(jobs)}"
    return commands.ask("squeue", *_ALL, f"--Format={_format(*_FIELDS, 'Reason')}", asked)


def ask_names(commands: Commands, names: Iterable[str]) -> str:
    """The call that asks about this user's jobs by name."""
    asked = f"--name={','.join(names)}"
    return commands.ask("squeue", *_ALL, "--me", f"--Format={_format('JobArrayID', 'Name')}", asked)


def read(text: str) -> Answers[SchedulerWord]:
    """What `ask` printed. Lines that are none of it are passed over."""
    answers: Answers[SchedulerWord] = Answers()
    for line in text.splitlines():
        values = line.split("|", len(_FIELDS))
        if len(values) == len(_FIELDS) + 1:
            answers.put(values[0].strip(), _word(line, *values[1:]))
    return answers


def _word(
    line: str, native: str, submit: str, start: str, end: str, status: str, node: str, why: str
) -> SchedulerWord:
    why = why.removesuffix("|").strip()
    reason = "" if why == "None" else why
    phase, outcome = meaning(native, reason)
    waits = phase in (Phase.WAITING, Phase.HELD)
    cannot = never(reason) if waits or outcome is State.CANCELLED else ""
    if outcome is State.CANCELLED and not cannot:
        reason = ""  # why it had been waiting
    if phase is Phase.RUNNING:
        reason = "" if native == "RUNNING" else native  # why it once waited, or SUSPENDED
    code, signal = None, None
    if outcome is not None:
        code, signal, reason = ending(status, outcome, reason)
    return SchedulerWord(
        phase=phase,
        native=native,
        reason=reason,
        outcome=outcome,
        exit_code=code,
        signal=signal,
        submitted_at=moment(submit),
        started_at=None if waits else moment(start),  # an estimate while it waits
        finished_at=moment(end) if outcome else None,  # its limit while it runs
        never=cannot if waits else "",
        node=node,
        raw=line,
    )
