"""What a retry asks for, whoever hands it in."""

from pathlib import Path

import pytest

from sojourn import Job, JobSuspended
from sojourn.states import State
from sojourn.values.resources import Resources
from tests.core.workflow.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`."""
    return Place(tmp_path / "place")


def test_resources_given_to_a_retry_hold_when_the_program_hands_it_in(place: Place) -> None:
    again = place.folder / "again"
    job = Job(
        command=f"[ -e '{again}' ] || exit 3; sleep 60", resources={"walltime": "1h"}, name="long"
    )
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(job)
    assert [record.state for record in place.all_ended()] == [State.FAILED]
    again.touch()
    with place.session() as session:
        (record,) = session.store.select()
        session.store.pause_jobs([(record.signature, "here")], paused=True)
        (waiting,) = session.retry([record], resources=Resources(walltime="1s"))
        assert (waiting.state, waiting.attempt) == (State.NEW, 2)
        session.store.pause_jobs([(record.signature, "here")], paused=False)
        with pytest.raises(JobSuspended):
            session.run(job)
    (record,) = place.all_ended()
    assert record.state is State.TIMEOUT, record.reason
