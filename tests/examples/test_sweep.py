"""The sweep, and the day with it: on this computer and on the real Slurm, as the page shows it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.support.slurm import RealSlurm

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "howto" / "sweeps.md"
CASES = 4


def tour(folder: Path, entry: dict[str, Any], *words: str) -> str:
    """Go through the day in a copy of the example; what was printed."""
    here = folder / "sweep"
    shutil.copytree(ROOT / "examples" / "sweep", here)
    (folder / "machines.yaml").write_text(json.dumps({"machines": {"hpc": entry}}))
    environment = {
        "SOJOURN_MACHINES": str(folder / "machines.yaml"),
        "SOJOURN_HOME": str(folder / "home"),
    }
    done = subprocess.run(
        [sys.executable, "tour.py", "hpc", str(CASES), *words],
        cwd=here, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
        timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    ElementTree.parse(here / "sweep.svg")
    return done.stdout


def skeleton(text: str) -> list[str]:
    """The commands, how they ended, how often each kind of node was in which state, and results."""
    kept = r"(?m)^(?:\$ .*|\[status \d+\]|.─ (?:simulate|prepare|reduce|plot)  .*|resonance .*)$"
    return [re.sub(r"^.─ ", "", line) for line in re.findall(kept, text)]


def test_on_this_computer(tmp_path: Path) -> None:
    entry = {"backend": "local", "slots": 2, "root": str(tmp_path / "root")}
    said = skeleton(tour(tmp_path, {**entry, "poll": {"interval": "0.2s"}}))
    shown = skeleton(PAGE.read_text())
    update = shown.index("$ sojourn run --on hpc sweep.py --update")
    # Nothing limits the walltime here: there is nothing to replace at first.
    again = shown.index("$ sojourn run --on hpc sweep.py", update)
    assert said[said.index("$ sojourn run --on hpc sweep.py") :] == shown[again:]


@pytest.mark.slurm
@pytest.mark.timeout(600)  # Slurm may take a minute to start what replaces jobs
def test_on_slurm(tmp_path: Path, slurm: RealSlurm) -> None:
    entry = {"backend": "slurm", "path": [str(slurm.bin)], "root": str(tmp_path / "root")}
    said = tour(tmp_path, {**entry, "poll": {"interval": "0.2s"}}, "limited")
    assert skeleton(said) == skeleton(PAGE.read_text())
