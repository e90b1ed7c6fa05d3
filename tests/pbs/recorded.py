"""What real servers have printed: single commands of OpenPBS and of Slurm's Torque commands, and
whole conversations of this backend with both.

`data/openpbs` holds one command a file, with `manifest.json` telling what it was; its folder
`conversations` and `data/torque` hold `$ command`, both streams and exit status, command by
command. Those of `data/torque` named `o-` are conversations.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sojourn.batch.scheduler import CommandResult, Conversation
from sojourn.errors import SchedulerUnavailable
from sojourn_pbs import Pbs
from sojourn_pbs.dialects import Site

T = TypeVar("T")

DATA = Path(__file__).parents[1] / "data"
OPENPBS = DATA / "openpbs"
CONVERSATIONS = OPENPBS / "conversations"
TORQUE = DATA / "torque"

OPEN = Pbs(None, {"dialect": "openpbs", "history": "on"})
OPEN_OFF = Pbs(None, {"dialect": "openpbs", "history": "off"})
REAL_TORQUE = Pbs(None, {"dialect": "torque"})
WRAPPERS = Pbs(None, {"dialect": "torque-over-slurm"})

_BLOCK = re.compile(
    r"^\$ (?P<command>.*?)\n--- stdout\n(?P<out>.*?)--- stderr\n(?P<err>.*?)--- exit (?P<status>\d+)$",
    re.M | re.S,
)


@cache
def manifest() -> Mapping[str, Mapping[str, Any]]:
    """Every single command of the OpenPBS server, by name."""
    entries = json.loads((OPENPBS / "manifest.json").read_text())
    return {entry["name"]: entry for entry in entries}


def output(name: str) -> CommandResult:
    """What one command of the OpenPBS server printed, as the backend gets to see it."""
    entry = manifest()[name]

    def stream(file: str | None) -> str:
        return (OPENPBS / file).read_bytes().decode(errors="replace") if file else ""

    return CommandResult(entry["exit_status"], stream(entry["stdout"]), stream(entry["stderr"]))


def named(pattern: str) -> list[str]:
    """The names of OpenPBS's single commands that match a regular expression."""
    found = [name for name in manifest() if re.search(pattern, name)]
    assert found, pattern
    return found


def steps(path: Path) -> list[tuple[str, CommandResult]]:
    """The commands of a recording and what came of each."""
    return [
        (block["command"], CommandResult(int(block["status"]), block["out"], block["err"]))
        for block in _BLOCK.finditer(path.read_text())
    ]


def result(path: Path) -> CommandResult:
    """What came of the one command of a recording."""
    ((_, found),) = steps(path)
    return found


def answered(conversation: Conversation[T], *results: CommandResult) -> tuple[T, list[str]]:
    """Answer a conversation's commands in turn; its value, and the commands. All must be asked."""
    waiting = list(results)
    asked: list[str] = []
    try:
        command = next(conversation)
        while True:
            asked.append(command)
            assert waiting, f"asked once too often: {command}"
            command = conversation.send(waiting.pop(0))
    except StopIteration as end:
        assert not waiting, f"not asked for: {waiting}"
        return end.value, asked


def driven(
    conversation: Conversation[T], answer: Callable[[str, int], CommandResult]
) -> tuple[T | None, list[str]]:
    """Answer each command with what `answer` makes of it and its number; the value, and the
    commands. None where the conversation gave up because there was no dependable answer."""
    asked: list[str] = []
    value: T | None = None
    try:
        command = next(conversation)
        while True:
            asked.append(command)
            command = conversation.send(answer(command, len(asked) - 1))
    except StopIteration as end:
        value = end.value
    except SchedulerUnavailable:
        pass
    return value, asked


def replayed(conversation: Conversation[T], path: Path) -> T:
    """Answer a conversation as it was recorded; it must ask for the very same commands."""
    recording = steps(path)
    value, asked = answered(conversation, *(found for _, found in recording))
    assert asked == [command for command, _ in recording]
    return value


def replay(conversation: Conversation[T], name: str) -> T:
    """`replayed` with a recording of OpenPBS, or `o-...` of Slurm's Torque commands."""
    folder = TORQUE if name.startswith("o-") else CONVERSATIONS
    return replayed(conversation, folder / f"{name}.txt")


def each_of(array: str, count: int) -> Sequence[str]:
    """The ids of an array's subjobs."""
    return [f"{array}[{index}].pbs-host" for index in range(count)]


__all__ = [
    "CONVERSATIONS", "DATA", "OPEN", "OPENPBS", "OPEN_OFF", "REAL_TORQUE", "TORQUE", "WRAPPERS",
    "Site", "answered", "driven", "each_of", "manifest", "named", "output", "replay", "replayed", "result",
    "steps",
]  # fmt: skip
