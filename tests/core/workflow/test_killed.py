"""`kill -9` of the client at any moment: the same result, and each job has run once."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.workflow.place import Place

SCRIPT = Path(__file__).with_name("killed_script.py")
JOBS = ["glue", "turn0", "turn1", "turn2"]


def run(place: Place, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, **place.environment(), "FOLDER": str(place.folder), **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[int], str]:
    """How many calls the first run and the last one make, and what comes out of it."""
    place = Place(tmp_path_factory.mktemp("unharmed") / "place")
    counts = []
    for words, status in (({}, 75), ({"WAIT": "1"}, 0)):
        ended = run(place, COUNT_TO=str(place.folder / "count"), **words)
        assert ended.returncode == status, ended.stderr
        counts.append(int((place.folder / "count").read_text()))
        place.all_ended()
    return counts, ended.stdout


@pytest.mark.parametrize("seed", range(5))
def test_the_same_result_and_each_job_once(
    place: Place, unharmed: tuple[list[int], str], seed: int
) -> None:
    (first, last), result = unharmed
    chance = random.Random(seed)
    killed = 0
    for most in (first, first, max(first, last), last):
        ended = run(place, KILL_AT=str(chance.randint(1, most)))
        assert ended.returncode in (-signal.SIGKILL, 75, 0), ended.stderr
        killed += ended.returncode == -signal.SIGKILL
    assert killed > 0
    ended = run(place, WAIT="1")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == result != ""
    assert place.ran() == JOBS


def test_many_at_once_are_one(place: Place, unharmed: tuple[list[int], str]) -> None:
    """Processes of one computer and of another, started together: each job runs once."""
    other = Place(place.folder, "two")
    started = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT)],
            env={
                **os.environ,
                **computer.environment(),
                "FOLDER": str(place.folder),
                "WAIT": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for computer in (place, other, place, other)
    ]
    ended = [process.communicate(timeout=100) for process in started]
    assert [process.returncode for process in started] == [0] * 4, ended
    assert {out for out, _ in ended} == {unharmed[1]}
    assert place.ran() == JOBS
