"""Programs that start `sojourn` with closed streams, and `python -m` in a directory of others."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.core.cli.desk import Desk

CLOSED = [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]


def _shell(desk: Desk, words: Sequence[str], redirected: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with what a shell makes of its streams."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", *desk.command(*words)],
        cwd=desk.here,
        env=desk.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("redirected", CLOSED)
def test_closed_streams_take_what_is_printed(desk: Desk, redirected: str) -> None:
    submitted = ("submit", "-m", "here", "--wait", "--output", "x", "--", "echo 1 >x")
    for words in (submitted, ("list",), ("list", "--json"), ("--help",)):
        done = _shell(desk, words, redirected)
        assert done.returncode == 0, done
    assert _shell(desk, ("status", "zzzz"), redirected).returncode == 2
    (job,) = desk("list", "--json").json
    assert job["state"] == "COMPLETED"


@pytest.mark.parametrize("module", ["sojourn", "sojourn.cli"])
def test_as_a_module_it_is_the_program(desk: Desk, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == desk("--version").out


@pytest.mark.parametrize("module", ["sojourn", "sojourn.cli"])
def test_modules_of_the_working_directory_are_not_imported(desk: Desk, module: str) -> None:
    for name in ("pluggy", "pydantic", "yaml"):
        desk.file(
            f"{name}.py", "raise SystemExit('a module of the working directory was imported')"
        )
    words = [sys.executable, "-m", module, "machines", "check", "here"]
    done = subprocess.run(
        words, cwd=desk.here, env=desk.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done


def test_own_processes_do_not_run_a_sojourn_of_the_working_directory(desk: Desk) -> None:
    evil = Path(desk.here / "sojourn")
    evil.mkdir()
    (evil / "__init__.py").write_text("raise SystemExit('pwned')")
    for unit in ("--print-systemd", "--print-cron"):
        text = desk("monitor", unit).out
        assert re.search(r"-P\W+-m\W+sojourn", text), text
