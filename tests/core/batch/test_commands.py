"""Calling commands in pieces and many at once, and reading what came of them."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.commands import (
    each,
    lines_of,
    meaning,
    pieces,
    read_reply,
    said,
    statuses,
    unavailable,
)
from sojourn.batch.scheduler import CommandResult, SubmitReply, Verdict
from sojourn.errors import SchedulerUnavailable

MORE = "it printed more than one id (17, 100): why"


@given(st.lists(st.text(min_size=1, max_size=20)), st.integers(1, 5), st.integers(20, 50))
def test_pieces(words: list[str], most: int, longest: int) -> None:
    found = list(pieces(words, most, longest))
    assert [word for piece in found for word in piece] == words
    assert all(0 < len(piece) <= most for piece in found)
    assert all(len(",".join(piece)) <= longest for piece in found)


def test_many_commands_in_one_are_told_apart() -> None:
    text = each(["(echo one; echo two >&2)", "(exit 7)", "printf 'no end of line\n'"])
    done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, text=True, check=False)
    assert statuses(done.stdout) == [
        CommandResult(0, "one\ntwo\n", ""),
        CommandResult(7, "", ""),
        CommandResult(0, "no end of line\n", ""),
    ]
    assert statuses("cut off\n@status") == []


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (CommandResult(1, "", "run: error: a\nrun: error: a\n\nb\n"), "a; b"),
        (CommandResult(1, "out\n", "run: error: err\n"), "out; err"),
        (CommandResult(9, " \n", ""), "ended with status 9 and no word"),
    ],
)
def test_what_a_command_says(result: CommandResult, expected: str) -> None:
    assert said(result, r"\w+: error: ") == expected


def test_a_command_that_is_not_there_is_said_with_what_to_do() -> None:
    error = unavailable(CommandResult(127, "", "sh: mystat: not found"), "mystat")
    assert "mystat was not found" in error.message
    assert "path:" in error.hint
    assert "gone" in unavailable(CommandResult(1, "", "gone"), "mystat").message


def test_silence_is_no_answer() -> None:
    asked = lines_of("mystat -a")
    assert next(asked) == "mystat -a"
    with pytest.raises(StopIteration) as ended:
        asked.send(CommandResult(0, "a\nb\n", ""))
    assert ended.value.value == ["a", "b"]
    asked = lines_of("mystat -a")
    next(asked)
    with pytest.raises(SchedulerUnavailable, match="mystat"):
        asked.send(CommandResult(3, "a\n", "half\n"))


def test_the_first_meaning_that_fits_counts() -> None:
    table = ((1, "a.c"), (2, "^abc$"))
    assert (meaning("abc", table, 0), meaning("abd", table, 0)) == (1, 0)


@pytest.mark.parametrize(
    ("status", "text", "reply"),
    [
        (0, "Welcome\n\n 17.far \n", SubmitReply(Verdict.TAKEN, "17")),
        (0, "17\n100 SUs remaining\n", SubmitReply(Verdict.TAKEN, "17")),
        (0, "17.far\n17\n", SubmitReply(Verdict.TAKEN, "17")),
        (0, "17\n100\n", SubmitReply(Verdict.UNCLEAR, reason=MORE)),
        (0, "", SubmitReply(Verdict.UNCLEAR, reason="it printed no id: why")),
        (0, "x17\n", SubmitReply(Verdict.UNCLEAR, reason="it printed no id: why")),
        (0, "17 taken\n", SubmitReply(Verdict.UNCLEAR, reason="it printed no id: why")),
        (1, "17\n", SubmitReply(Verdict.FULL, reason="why")),
        (3, "17\n", SubmitReply(Verdict.FULL, reason="why")),
    ],
)
def test_how_a_job_was_taken(status: int, text: str, reply: SubmitReply) -> None:
    result = CommandResult(status, text, "")
    assert read_reply(result, r"(\d+)(?:\.\w+)?", "why", lambda _: Verdict.FULL) == reply
