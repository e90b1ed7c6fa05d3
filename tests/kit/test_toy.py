"""The toy scheduler by itself: what a real one does, in small."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sojourn.testing.toy import Toy
from tests.support.waiting import eventually

Queue = Callable[..., str]


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    """Runs one of its commands and returns what that prints."""
    toy = Toy.make(tmp_path / "toy", slots=2)

    def run(command: str, *words: str, status: int = 0) -> str:
        done = subprocess.run(
            [toy.bin / command, *words], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == status, done.stderr
        return (done.stdout + done.stderr).strip()

    return run


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Writes a script and returns its name."""

    def write(text: str) -> str:
        (tmp_path / "script").write_text(f"#!/bin/sh\n{text}\n")
        return "script"

    return write


def states(queue: Queue, *ids: str) -> list[str]:
    return [line.split("\t")[1] for line in queue("toystat", *ids).splitlines()]


def done(queue: Queue, job: str) -> list[str]:
    """Wait for a job's end; its line."""
    eventually(lambda: states(queue, job)[0] in "CD")
    return queue("toystat", job).split("\t")


def test_a_job_runs_where_it_was_submitted(
    queue: Queue, script: Callable[[str], str], tmp_path: Path
) -> None:
    job = queue("toysub", script("#TOY -N hello\necho $TOY_ID $HOME_TOO > out; exit 3"))
    line = done(queue, job)
    assert (line[2], line[3]) == ("hello", "3")
    assert (tmp_path / "out").read_text() == f"{job}\n"
    assert queue("toystat", "-n", "hello").startswith(job)


def test_an_array_runs_every_task_in_the_slots_there_are(
    queue: Queue, script: Callable[[str], str], tmp_path: Path
) -> None:
    job = queue("toysub", "-a", "0-3", script("echo $TOY_JOB.$TOY_INDEX >> out; sleep 0.2"))
    ids = [f"{job}.{task}" for task in range(4)]
    assert states(queue, *ids).count("R") <= 2
    for one in ids:
        done(queue, one)
    assert sorted((tmp_path / "out").read_text().split()) == ids


def test_a_job_waits_for_others_however_they_end(
    queue: Queue, script: Callable[[str], str], tmp_path: Path
) -> None:
    wait = "until [ -e go ]; do sleep 0.05; done"
    first = queue("toysub", script(f"{wait}; echo first >> out; exit 1"))
    (tmp_path / "second").write_text("echo second >> out\n")
    second = queue("toysub", "-w", first, "second")
    assert states(queue, second) == ["W"]
    (tmp_path / "go").touch()
    done(queue, second)
    assert (tmp_path / "out").read_text().split() == ["first", "second"]


def test_a_job_is_ended_at_its_time(queue: Queue, script: Callable[[str], str]) -> None:
    line = done(
        queue, queue("toysub", "-t", "1", script("trap : TERM; while :; do sleep 0.1; done"))
    )
    assert line[-1] == "walltime"


def test_a_job_is_deleted_with_its_children(
    queue: Queue, script: Callable[[str], str], tmp_path: Path
) -> None:
    running = queue("toysub", script("sleep 60 & echo $! > child; sleep 60"))
    eventually((tmp_path / "child").exists)
    waiting = queue("toysub", "-w", running, "script")
    queue("toydel", waiting, running)
    assert done(queue, waiting)[-1] == "deleted before it started"
    assert done(queue, running)[1] == "D"
    child = (tmp_path / "child").read_text().strip()
    eventually(lambda: not Path(f"/proc/{child}").exists())


def test_a_held_job_waits_until_it_is_released(queue: Queue, script: Callable[[str], str]) -> None:
    blocker = queue("toysub", script("sleep 60"))
    job = queue("toysub", "-w", blocker, "script")
    assert queue("toyhold", job) == ""
    queue("toydel", blocker)
    done(queue, blocker)
    assert states(queue, job) == ["H"]
    queue("toyrel", job)
    eventually(lambda: states(queue, job) == ["R"])
    queue("toydel", job)


def test_what_cannot_be_is_said(queue: Queue, script: Callable[[str], str]) -> None:
    assert "no queue called nowhere" in queue("toysub", "-q", "nowhere", script("true"), status=1)
    assert "No such file" in queue("toysub", "missing", status=1)
    assert "not an id" in queue("toystat", "x.y", status=1)
    assert queue("toydel", "7") == "7: unknown"
    job = queue("toysub", script("true"))
    done(queue, job)
    assert queue("toydel", job) == f"{job}: finished"
