"""What `sojourn plugins new` makes passes its own checks, and makes a wheel that is whole."""

import subprocess
import sys
from collections.abc import Callable
from email import message_from_string
from pathlib import Path

import pytest

from sojourn.scaffold.kinds import KINDS
from sojourn.scaffold.making import make
from tests.core.scaffold.conftest import NAMES, Installed


def run(project: Path, *words: str) -> str:
    """Run a module of Python's in the project; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", ["q", "grid-engine-classic9"])
def test_it_is_linted_and_formatted_whatever_its_name(kind: str, word: str, tmp_path: Path) -> None:
    project = make(word, kind, "MIT", tmp_path)
    run(project, "ruff", "check", "--no-cache", ".")
    run(project, "ruff", "format", "--no-cache", "--check", ".")


def test_it_is_typed_by_its_own_configuration(tmp_path: Path) -> None:
    project = make(NAMES["batch"], "batch", "MIT", tmp_path)
    assert "no issues found in 4 source files" in run(project, "mypy")


@pytest.mark.parametrize("kind", KINDS)
def test_its_wheel_is_whole(kind: str, installed: Callable[[str], Installed]) -> None:
    plugin = installed(kind)
    package = f"sojourn_{NAMES[kind].replace('-', '_')}"
    assert (plugin.site / package / "py.typed").is_file()
    (info,) = plugin.site.glob("*.dist-info")
    told = message_from_string((info / "METADATA").read_text())
    assert told["Name"] == f"sojourn-{NAMES[kind].replace('_', '-')}"
    assert told["License-Expression"] == "MIT"
    assert told["Requires-Dist"].startswith("sojourn<")
    assert (info / "licenses" / "LICENSE").read_text().startswith("MIT License")
    point = f"{NAMES[kind]} = {package}."
    assert point in (info / "entry_points.txt").read_text()
