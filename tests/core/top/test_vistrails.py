"""What VisTrails' job monitor got wrong, and the page that lists what it did."""

import re
from pathlib import Path

import pytest

from sojourn import Job, Workflow, job, step
from tests.core.workflow.place import Place, noting

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "howto" / "vistrails.md"


@step
def prepare(runs: str) -> int:
    with Path(runs).open("a") as file:
        file.write("prepare\n")
    return 3


@job(outputs=["out"])
def work(number: object, runs: str) -> Job:
    return Job(command=noting("work", f"echo {number} >out", Path(runs)), outputs=["out"])


def test_an_unreached_step_loses_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path / "place")

    def run(*, reached: bool) -> None:
        with Workflow("w", on="here"):
            if reached:
                work(prepare(str(place.runs)).value, str(place.runs))

    place.finish(lambda: run(reached=True))
    before = place.jobs()
    place.finish(lambda: run(reached=False))
    assert [(j.signature, j.state) for j in place.jobs()] == [
        (j.signature, j.state) for j in before
    ]
    place.finish(lambda: run(reached=True))
    assert place.ran() == ["prepare", "work"]


def test_user_and_start_time_survive_saving_and_loading(tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    with place.session() as session:
        session.submit([Job(command="true")], on="here")
        before = session.poll_until_final(session.store.select(), timeout=30)[0]
    after = place.jobs()[0]  # another session over the same file
    assert after == before
    assert after.user
    assert after.started_at is not None
    assert after.submitted_at is not None


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", file.read_text())
    }
    assert len(named) > 20
    assert named <= there
