"""The accounting's word: what to ask of sacct, and reading what it prints.

It lags behind the controller by seconds, after an outage by minutes, and it keeps everything.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from sojourn.values.messages import SchedulerWord, Usage
from sojourn_slurm.commands import Commands
from sojourn_slurm.ids import Answers
from sojourn_slurm.states import ending, meaning, moment

_FIELDS = (
    *("JobID", "State", "ExitCode", "Submit", "Start", "End"),
    *("ElapsedRaw", "TotalCPU", "AllocCPUS", "MaxRSS", "NodeList"),
)
_PLAIN = ("--noheader", "--parsable2", "--noconvert")
SEARCHED = "now-7days"
"""How far back to search by name: sites limit the range, and a claim is settled within a day."""
OFF = "accounting storage is disabled"

_CPU = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([KMGTP]?)", re.ASCII)


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
        values = line.split("|")
        if len(values) != len(_FIELDS):
            continue
        job, dot, _ = values[0].partition(".")
        if not dot:
            answers.put(job, _word(line, *values[1:]))
        elif (word := answers.get(job)) is not None:
            answers.put(job, _with_step(word, line, values[_FIELDS.index("MaxRSS")]))
    return answers


def _word(
    line: str, native: str, status: str, submit: str, start: str, end: str,
    elapsed: str, cpu: str, cpus: str, memory: str, node: str,
) -> SchedulerWord:  # fmt: skip
    phase, outcome = meaning(native)
    finished = moment(end)
    _, _, by = native.partition(" by ")
    reason = f"cancelled by user {by}" if by else ""
    code, signal = None, None
    if outcome is not None:
        code, signal, reason = ending(status, outcome, reason)
    # With an end that has not been recorded yet, "elapsed" goes on counting.
    usage = Usage(
        elapsed=moment(elapsed) if finished is not None else None,
        cpu=cpu_seconds(cpu),
        max_memory=size(memory),
        allocated_cpus=int(cpus) if cpus.isdecimal() else None,
    )
    return SchedulerWord(
        phase=phase,
        native=native,
        reason=reason,
        outcome=outcome,
        exit_code=code,
        signal=signal,
        submitted_at=moment(submit),
        started_at=moment(start),
        finished_at=finished if outcome else None,
        node="" if node == "None assigned" else node,
        usage=usage if outcome and moment(start) is not None else None,
        raw=line,
    )


def _with_step(word: SchedulerWord, line: str, memory: str) -> SchedulerWord:
    used = size(memory)
    word = replace(word, raw=f"{word.raw}\n{line}")
    if word.usage is None or used is None:
        return word
    most = max(used, word.usage.max_memory or 0)
    return replace(word, usage=replace(word.usage, max_memory=most))


def cpu_seconds(text: str) -> float | None:
    """Seconds from `[D-][HH:]MM:SS[.mmm]`."""
    match = _CPU.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes, seconds = match.groups()
    return int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


def size(text: str) -> int | None:
    """Bytes from a number, with the letter that some releases print in spite of --noconvert."""
    match = _SIZE.fullmatch(text)
    return int(float(match[1]) * 1024 ** " KMGTP".index(match[2] or " ")) if match else None
