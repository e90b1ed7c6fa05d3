"""The accounting's word: what to ask of sacct, and reading what it prints.

It lags behind the controller by seconds, after an outage by minutes, and it keeps everything.
"""

from collections.abc import Iterable
from dataclasses import replace

from sojourn.batch.units import seconds, size
from sojourn.values.messages import SchedulerWord, Usage
from sojourn_slurm.commands import Commands
from sojourn_slurm.ids import Answers
from sojourn_slurm.states import word

_FIELDS = (
    *("JobID", "State", "ExitCode", "Submit", "Start", "End"),
    *("ElapsedRaw", "TotalCPU", "AllocCPUS", "MaxRSS", "NodeList", "JobName"),
)
_PLAIN = ("--noheader", "--parsable2", "--noconvert")
SEARCHED = "now-7days"
"""How far back to search by name: sites limit the range, and a claim is settled within a day."""
_NAMELESS = "allocation"
"""What sacct 22.05 shows as the name for a moment, until the records have it."""
OFF = "accounting storage is disabled"


def ask(commands: Commands, jobs: Iterable[str]) -> str:
    """The call that asks about jobs and whole arrays, with their steps, which know the memory."""
    return commands.ask(
        "sacct", *_PLAIN, f"--format={','.join(_FIELDS)}", f"--jobs={','.join(jobs)}"
    )


def ask_names(commands: Commands, names: Iterable[str]) -> str:
    """The call that asks about this user's jobs by name."""
    words = ("--allocations", "--format=JobID,JobName", f"--starttime={SEARCHED}")
    return commands.ask("sacct", *_PLAIN, *words, f"--name={','.join(names)}")


def read(text: str) -> Answers[SchedulerWord]:
    """What `ask` printed. Lines that are none of it are passed over."""
    answers: Answers[SchedulerWord] = Answers()
    for line in text.splitlines():
        values = line.split("|", len(_FIELDS) - 1)  # a name may hold anything, and comes last
        if len(values) != len(_FIELDS):
            continue
        job, dot, _ = values[0].partition(".")
        if not dot:
            answers.put(job, _word(line, *values[1:]))
        elif (found := answers.get(job)) is not None:
            answers.put(job, _with_step(found, line, values[_FIELDS.index("MaxRSS")]))
    return answers


def _word(
    line: str, native: str, status: str, submit: str, start: str, end: str,
    elapsed: str, cpu: str, cpus: str, memory: str, node: str, name: str,
) -> SchedulerWord:  # fmt: skip
    _, _, by = native.partition(" by ")
    reason = f"cancelled by user {by}" if by else ""
    where = "" if node == "None assigned" else node
    found = word(native, reason, status, (submit, start, end), where, line)
    found = replace(found, name="" if name == _NAMELESS else name.strip())
    if found.outcome is None or found.started_at is None:
        return found
    usage = Usage(
        # With an end that has not been recorded yet, "elapsed" goes on counting.
        elapsed=seconds(elapsed) if found.finished_at is not None else None,
        cpu=seconds(cpu),
        max_memory=size(memory),
        allocated_cpus=int(cpus) if cpus.isdecimal() else None,
    )
    return replace(found, usage=usage)


def _with_step(found: SchedulerWord, line: str, memory: str) -> SchedulerWord:
    used, usage = size(memory), found.usage
    if usage is not None and used is not None:
        usage = replace(usage, max_memory=max(used, usage.max_memory or 0))
    return replace(found, usage=usage, raw=f"{found.raw}\n{line}")
