"""Completion: the code for each shell, and what it offers."""

import shutil
import subprocess

import pytest

from sojourn.states import State
from tests.core.cli.desk import Desk
from tests.core.cli.samples import record, signature


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_can_read_its_code(empty_desk: Desk, shell: str) -> None:
    code = empty_desk("completion", shell).out
    assert "_SOJOURN_COMPLETE" in code
    assert "sojourn" in code
    program = shutil.which(shell)
    if program is not None:
        subprocess.run([program, "-n"], input=code, text=True, check=True, timeout=30)


def test_another_shell_is_bad_usage(empty_desk: Desk) -> None:
    assert "tcsh" in empty_desk("completion", "tcsh", status=2).err


def _offered(desk: Desk, line: str) -> list[str]:
    words = {
        "_SOJOURN_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    return [one.partition(",")[2] for one in desk.process(env=words).out.splitlines()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sojourn exp", ["export", "explain"]),
        ("sojourn machines ch", ["check"]),
        ("sojourn list --lim", ["--limit"]),
        ("sojourn cancel --state RU", ["RUNNING"]),
        ("sojourn wait --workflow c", ["co2"]),
        ("sojourn wait --step f", ["fit"]),
        ("sojourn submit -m he", ["here"]),
        ("sojourn machines check ", ["here"]),
        (f"sojourn show {signature('one')[:3]}", [signature("one")[:8]]),
    ],
)
def test_what_is_offered(empty_desk: Desk, line: str, offered: list[str]) -> None:
    empty_desk.put(record("one", State.RUNNING, workflow="co2", step="fit"))
    assert _offered(empty_desk, line) == offered
