"""The controller's word: what to ask of squeue, and reading what it prints.

It knows all that waits and runs, and what ended less than MinJobAge (300 s) ago.
"""

from collections.abc import Iterable
from dataclasses import replace

from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord
from sojourn_slurm.commands import Commands
from sojourn_slurm.ids import Answers
from sojourn_slurm.states import never, word


def _format(*fields: str) -> str:
    return ",".join(f"{field}:0|" for field in fields)


# The reason may hold anything; the name comes last, and ours have no bar in them.
_FIELDS = ("JobArrayID", "State", "SubmitTime", "StartTime", "EndTime", "exit_code", "NodeList")
_ALL = ("--noheader", "--array", "--states=all")
UNKNOWN_ID = "Invalid job id specified"
"""What squeue says of a single id that it does not know; of several it says nothing."""


def ask(commands: Commands, jobs: Iterable[str]) -> str:
    """The call that asks about jobs and whole arrays."""
    asked = f"--jobs={','.join(jobs)}"
    return commands.ask("squeue", *_ALL, f"--Format={_format(*_FIELDS, 'Reason', 'Name')}", asked)


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
            why, _, name = values.pop().removesuffix("|").rpartition("|")
            found = _word(line, *values[1:], *[why.strip()])
            answers.put(values[0].strip(), replace(found, name=name.strip()))
    return answers


def _word(
    line: str, native: str, submit: str, start: str, end: str, status: str, node: str, why: str
) -> SchedulerWord:
    reason = "" if why == "None" else why
    found = word(native, reason, status, (submit, start, end), node, line)
    cannot = never(reason)
    if found.phase in (Phase.WAITING, Phase.HELD):
        return replace(found, never=cannot) if cannot else found
    if found.phase is Phase.RUNNING:  # not why it once waited, but SUSPENDED or the like
        reason = "" if native == "RUNNING" else native
    elif found.outcome is State.CANCELLED and not cannot:
        reason = ""  # not why it had been waiting
    else:
        return found
    return replace(found, reason=reason) if found.reason != reason else found
