"""Text for systemd and cron: what goes in comes out of their own rules of quoting."""

import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.monitor.units import cron_line, systemd_unit

words = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20).filter(
    lambda word: word.strip() == word
)


def systemd_words(line: str) -> list[str]:
    """A command line as systemd.service(5) reads it, as far as we use it."""
    found = []
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line):
        word = plain or re.sub(r"\\(.)", r"\1", quoted)
        found.append(word.replace("$$", "$").replace("%%", "%"))
    return found


def lines(unit: str, key: str) -> list[str]:
    return [line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{key}=")]


@given(st.lists(words, min_size=1, max_size=5))
def test_a_unit_runs_the_command(command: list[str]) -> None:
    (line,) = lines(systemd_unit(command, {}), "ExecStart")
    assert systemd_words(line) == command


@given(words)
def test_a_unit_passes_variables_on(value: str) -> None:
    (line,) = lines(systemd_unit(["x"], {"PATH": value, "SECRET": "no"}), "Environment")
    assert systemd_words(line.replace("$", "$$")) == [f"PATH={value}"]


def test_a_unit_lets_resumed_workflows_go_on_and_restarts() -> None:
    unit = systemd_unit(["/bin/sojourn", "monitor"], {})
    assert lines(unit, "KillMode") == ["process"]
    assert lines(unit, "Restart") == ["on-failure"]
    assert lines(unit, "RestartPreventExitStatus") == ["2"]
    sections = re.findall(r"^\[(\w+)\]$", unit, re.MULTILINE)
    assert sections == ["Unit", "Service", "Install"]


@given(st.lists(words, min_size=1, max_size=4), words)
def test_a_line_for_cron_runs_the_command(command: list[str], home: str) -> None:
    line = cron_line(command, {"SOJOURN_HOME": home}, "/a log")
    assert line.count("\n") == 1
    assert not re.search(r"(?<!\\)%", line)  # which cron takes for the end of a line
    parts = shlex.split(line.replace("\\%", "%").split(" ", 5)[5])
    assert parts == [f"SOJOURN_HOME={home}", *command, ">>/a log", "2>&1"]


@pytest.mark.parametrize("value", ["a b", "it's", "50%", "$HOME", "`x`", 'say "hi"', "back\\slash"])
def test_a_shell_reads_the_line_as_it_is_meant(value: str, tmp_path: object) -> None:
    line = cron_line(["printf", "%s", value], {}, f"{tmp_path}/log")
    command = line.split(" ", 5)[5].replace("\\%", "%").replace(f">>{tmp_path}/log", "")
    told = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert told.stdout == value
