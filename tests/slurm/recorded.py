"""What a real Slurm has printed: single commands, and whole conversations.

A file holds one command or several, each as `$ command` with its two streams and its exit
status. Those named `o-` are conversations of this backend; the others were recorded by hand, with
other columns than the ones that the backend asks for, so `squeue_lines` and `sacct_lines` put
the same values into its order.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sojourn.batch.scheduler import CommandResult, Conversation

T = TypeVar("T")

DATA = Path(__file__).parents[1] / "data" / "slurm-22.05"
_BLOCK = re.compile(
    r"^\$ (?P<command>.*?)\n--- stdout\n(?P<out>.*?)--- stderr\n(?P<err>.*?)--- exit (?P<status>\d+)$",
    re.M | re.S,
)


def steps(name: str) -> list[tuple[str, CommandResult]]:
    """The commands of a recording and what came of each."""
    text = (DATA / f"{name}.txt").read_text()
    return [
        (block["command"], CommandResult(int(block["status"]), block["out"], block["err"]))
        for block in _BLOCK.finditer(text)
    ]


def capture(name: str) -> CommandResult:
    """What came of the one command of a recording."""
    ((_, result),) = steps(name)
    return result


def names(pattern: str) -> list[str]:
    """The recordings whose names match a glob."""
    found = sorted(path.stem for path in DATA.glob(f"{pattern}.txt"))
    assert found, pattern
    return found


def words_of(command: str) -> str:
    """A command without the shell around it that forgets the caller's settings."""
    return re.sub(r"\(set -f\n.*?unset IFS\n(.*?)\)(?=;|$)", r"\1", command, flags=re.S)


def answered(conversation: Conversation[T], *results: CommandResult | str) -> tuple[T, list[str]]:
    """Answer a conversation's commands in turn; its value, and the commands without the shell.

    A text stands for standard output and status 0. All results must be asked for.
    """
    waiting = [r if isinstance(r, CommandResult) else CommandResult(0, r, "") for r in results]
    asked = []
    try:
        command = next(conversation)
        while True:
            asked.append(words_of(command))
            assert waiting, f"asked once too often: {asked[-1]}"
            command = conversation.send(waiting.pop(0))
    except StopIteration as end:
        assert not waiting, f"not asked for: {waiting}"
        return end.value, asked


def replayed(conversation: Conversation[T], name: str) -> T:
    """Answer a conversation as it was recorded; it must ask for the very same commands."""
    recording = steps(name)
    value, asked = answered(conversation, *(result for _, result in recording))
    assert asked == [command for command, _ in recording]
    return value


# --- other columns ------------------------------------------------------------------------------


def epoch(text: str) -> str:
    """A time as SLURM_TIME_FORMAT=%s prints it."""
    if not re.fullmatch(r"\d{4}-.*", text):
        return text
    return str(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()))


def squeue_lines(name: str, status: str = "0") -> str:
    """A capture of `%i|%T|%r|%Q|%N|%V|%S|%e` as the backend's format prints it."""
    lines = []
    for line in capture(name).stdout.splitlines():
        job, state, reason, _, node, *times = line.split("|")
        lines.append("|".join((job, state, *map(epoch, times), status, node, reason, "sj", "")))
    return "\n".join(lines)


def sacct_lines(name: str) -> str:
    """A capture of JobIDRaw,JobID,State,ExitCode,Reason,Start,End,Elapsed,MaxRSS, likewise."""
    lines = []
    for line in capture(name).stdout.splitlines():
        _, job, state, status, _, start, end, elapsed, memory = line.split("|")
        seconds = str(seconds_of(elapsed))
        values = (job, state, status, epoch(start), epoch(start), epoch(end))
        lines.append("|".join((*values, seconds, "00:00.100", "1", memory, "localhost", "sj")))
    return "\n".join(lines)


def seconds_of(clock: str) -> int:
    """Seconds of HH:MM:SS."""
    hours, minutes, seconds = map(int, clock.split(":"))
    return (hours * 60 + minutes) * 60 + seconds
