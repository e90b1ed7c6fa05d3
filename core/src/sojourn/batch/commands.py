"""Calling a scheduler's commands: many in one, in pieces, and what came of them. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from sojourn.batch.scheduler import CommandResult, Conversation, SubmitReply, Verdict
from sojourn.errors import SchedulerUnavailable

T = TypeVar("T")

LONGEST = 100_000
"""Bytes of one argument; Linux takes 128 KiB."""
_NOT_FOUND = 127
_LONGEST_REASON = 300


def pieces(words: Iterable[str], most: int, longest: int = LONGEST) -> Iterator[list[str]]:
    """The words in order, in lists that fit into one comma-separated argument each."""
    piece: list[str] = []
    length = 0
    for word in words:
        if piece and (len(piece) == most or length + len(word) >= longest):
            yield piece
            piece, length = [], 0
        piece.append(word)
        length += len(word) + 1
    if piece:
        yield piece


def each(commands: Iterable[str]) -> str:
    """Many commands in one; `statuses` reads what they print, both streams mixed."""
    return "\n".join(f'{one} 2>&1; echo "@status $?"' for one in commands)


def statuses(text: str) -> list[CommandResult]:
    """What each command of `each` printed, and its exit status."""
    results: list[CommandResult] = []
    begin = 0
    for match in re.finditer(r"@status (\d{1,3})\n", text):
        results.append(CommandResult(int(match[1]), text[begin : match.start()], ""))
        begin = match.end()
    return results


def run_each(commands: Sequence[str]) -> Conversation[list[CommandResult]]:
    """Run many commands in one call; what came of each, both streams mixed.

    Raises:
        SchedulerUnavailable: the call ended before all of them had, or said more than they can.
    """
    result = yield each(commands)
    results = statuses(result.stdout)
    if len(results) != len(commands):
        raise unavailable(result, commands[0].split()[0])
    return results


def said(result: CommandResult, label: str = "") -> str:
    """What a command said, on one line: each of its lines once, without the `label` (a regular
    expression) that they begin with."""
    lines = [re.sub(rf"\A(?:{label})", "", line.strip()) for line in result.words.splitlines()]
    told = "; ".join(dict.fromkeys(line for line in lines if line))
    return told or f"ended with status {result.status} and no word"


def unavailable(result: CommandResult, command: str, label: str = "") -> SchedulerUnavailable:
    """The error for a command that gave no dependable answer."""
    if result.status == _NOT_FOUND:
        return SchedulerUnavailable(
            f"{command} was not found", hint="name its directory under `path:` in machines.yaml"
        )
    return SchedulerUnavailable(
        f"{command} gave no answer: {said(result, label)[:_LONGEST_REASON]}",
        hint="jobs keep their states until it does",
    )


def lines_of(command: str) -> Conversation[list[str]]:
    """Run one command; the lines that it printed.

    Raises:
        SchedulerUnavailable: it ended with a status other than 0, so silence would be no answer.
    """
    result = yield command
    if result.status != 0:
        raise unavailable(result, command.split()[0])
    return result.stdout.splitlines()


def meaning(text: str, table: Iterable[tuple[T, str]], otherwise: T) -> T:
    """The first meaning of a table whose regular expression is found in the text."""
    return next((told for told, pattern in table if re.search(pattern, text)), otherwise)


def read_reply(
    result: CommandResult, id_form: str, reason: str, verdict: Callable[[CommandResult], Verdict]
) -> SubmitReply:
    """How a submit command took a job: its id, if it ended with 0 and printed one.

    `id_form` is a regular expression for a line that is an id, its first group the id. Lines that
    are none may stand before and after it; where there is no such line, or there are different
    ones, it is UNCLEAR what became of the job. The meaning of a status that is not 0 is for
    `verdict` to say, whatever was printed.
    """
    if result.status != 0:
        return SubmitReply(verdict(result), reason=reason)
    lines = (re.fullmatch(id_form, line.strip(), re.ASCII) for line in result.stdout.splitlines())
    ids = list(dict.fromkeys(match[1] for match in lines if match is not None))
    if len(ids) != 1:
        found = f"more than one id ({', '.join(ids)})" if ids else "no id"
        return SubmitReply(Verdict.UNCLEAR, reason=f"it printed {found}: {reason}")
    return SubmitReply(Verdict.TAKEN, ids[0])
