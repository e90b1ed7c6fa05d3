"""Clearing a machine: what is nowhere else stays."""

from pathlib import Path

import pytest

from sojourn import Job, JobSuspended
from sojourn.garbage.machine import clear_machine
from tests.core.workflow.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`."""
    return Place(tmp_path / "place")


def test_the_result_of_an_earlier_attempt_does_not_stand_for_the_newest(place: Place) -> None:
    job = Job(command="cat /proc/sys/kernel/random/uuid >out", outputs=["out"])
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(job)
    place.all_ended()
    with place.session() as session:
        first = session.run(job)
        before = first["out"].read_text()
        session.retry([session.record(first.signature)])
    place.all_ended()
    with place.session() as session:
        assert clear_machine(session, "here", older_than=0).jobs == []
        assert session.run(job)["out"].read_text() != before
        cleared = clear_machine(session, "here", older_than=0)
        assert [one.signature for one in cleared.jobs] == [first.signature]
        assert session.run(job).manifest.attempt == 2
