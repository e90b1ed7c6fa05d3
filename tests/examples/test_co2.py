"""The example: its computations, and the whole of it on the local backend."""

import ast
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.waiting import eventually

EXAMPLE = Path(__file__).parents[2] / "examples" / "co2"


def python(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.mark.parametrize("name", ["fit.py", "join.py"])
def test_what_runs_on_machines_runs_on_old_pythons(name: str) -> None:
    ast.parse((EXAMPLE / name).read_text(), feature_version=(3, 6))


def test_a_fit_finds_the_rate_and_the_swing_that_were_put_in(tmp_path: Path) -> None:
    months = [
        [2000 + month / 12, 370 + 2.5 * (month / 12) + 3 * math.sin(2 * math.pi * month / 12)]
        for month in range(96)
    ]
    (tmp_path / "months.json").write_text(json.dumps(months))
    ended = python(tmp_path, str(EXAMPLE / "fit.py"), "months.json", "1", "40")
    found = json.loads(ended.stdout)
    assert found["rate"] == pytest.approx(2.5, abs=1e-6)
    assert found["swing"] == pytest.approx(6, abs=1e-3)
    low, high = found["rate_95"]
    assert low - 1e-9 <= found["rate"] <= high + 1e-9
    again = python(tmp_path, str(EXAMPLE / "fit.py"), "months.json", "1", "40")
    assert again.stdout == ended.stdout  # the same on every computer: the seed is an argument


def test_the_whole_of_it(tmp_path: Path) -> None:
    """As shipped, but for fewer replicates: two runs of one command, and the plot is there."""
    here = tmp_path / "co2"
    shutil.copytree(EXAMPLE, here)
    script = here / "workflow.py"
    script.write_text(re.sub(r"REPLICATES = \d+", "REPLICATES = 60", script.read_text()))
    machines = {"here": {"backend": "local", "slots": 4, "root": str(tmp_path / "root")}}
    (tmp_path / "machines.yaml").write_text(json.dumps({"machines": machines}))
    environment = {"SOJOURN_MACHINES": str(tmp_path / "machines.yaml")}

    first = python(tmp_path, str(script), "plots", **environment)
    assert (first.returncode, first.stdout) == (75, "")
    assert "workflow co2 is waiting for 9 jobs on here" in first.stderr

    def done() -> bool:
        ended = python(tmp_path, str(script), "plots", **environment)
        assert ended.returncode in (0, 75), ended.stderr
        return ended.returncode == 0

    eventually(done, timeout=60)
    last = python(tmp_path, str(script), "plots", **environment)
    assert re.match(r"CO2 over Mauna Loa rose by 0\.7\d ppm a year at first, by 2\.", last.stdout)
    plot = tmp_path / "plots" / "co2.svg"
    assert f"The plot: {plot}" in last.stdout
    drawn = ElementTree.parse(plot).getroot()  # well-formed
    assert len(drawn.findall("{http://www.w3.org/2000/svg}circle")) == 8
