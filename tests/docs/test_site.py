"""The documentation: whole, current, and with no link that leads nowhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import reference

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_is_undocumented() -> None:
    """Hooks, keys of machines.yaml, states, job keywords and resource words all say what they are."""
    assert reference.undocumented() == []


@pytest.mark.parametrize("page", sorted(reference.pages()))
def test_reference_pages_are_those_of_the_code(page: str) -> None:
    made = reference.pages()[page]
    assert (ROOT / "docs" / page).read_text() == made, "run scripts/docs and commit what it writes"


def test_the_site_builds_without_a_broken_link(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--site-dir",
        str(tmp_path / "s"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "s" / "index.html").read_text()
    assert "fonts.googleapis" not in page
