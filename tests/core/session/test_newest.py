"""Which of several attempts' results is the job's."""

from pathlib import Path

import pytest

from sojourn import Job, JobSuspended
from sojourn.errors import StaleResult
from tests.core.workflow.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`."""
    return Place(tmp_path / "place")


@pytest.mark.parametrize("command", ["echo same >out", "cat /proc/sys/kernel/random/uuid >out"])
def test_after_a_retry_it_is_the_newest_whether_its_bytes_are_others_or_not(
    place: Place, command: str
) -> None:
    job = Job(command=command, outputs=["out"])
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(job)
    place.all_ended()
    with place.session() as session:
        first = session.run(job)
        before = first["out"].read_text()
        assert first.manifest.attempt == 1
        session.retry([session.record(first.signature)])
    place.all_ended()
    with place.session() as session:
        newest = session.run(job)
        assert newest.manifest.attempt == 2
        assert (newest["out"].read_text() == before) == command.startswith("echo")
    (place.folder / "root-here").rename(place.folder / "out of reach")
    with place.session() as session:
        assert session.run(job).manifest.attempt == 2  # from the cache, without contact


def test_a_result_is_stale_when_its_parents_retry_has_made_something_else(place: Place) -> None:
    parent = Job(command="cat /proc/sys/kernel/random/uuid >out", outputs=["out"])
    child = Job(command="cat out >copy", inputs={"out": parent.output("out")}, outputs=["copy"])
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(child)
    place.all_ended()
    with place.session() as session:
        first = session.run(parent)["out"].read_text()
        assert session.run(child)["copy"].read_text() == first
        session.retry([session.record(session.sign([parent])[0].signature)])
    place.all_ended()
    with place.session() as session:  # what the retry has made was not brought here yet
        with pytest.raises(StaleResult, match="its input 'out' has other bytes now"):
            session.run(child)
        assert session.run(child, accept_stale=True)["copy"].read_text() == first


def test_so_it_is_when_what_the_parent_makes_is_never_brought_here(place: Place) -> None:
    parent = Job(command="echo 1 >out", outputs=["out"])
    child = Job(command="cat out >copy", inputs={"out": parent.output("out")}, outputs=["copy"])
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(child)
    place.all_ended()
    with place.session() as session:
        assert session.run(child)["copy"].read_text() == "1\n"
        first = session.record(session.sign([parent])[0].signature)
        session.retry([first])
    place.all_ended()
    with place.session() as session:
        with pytest.raises(StaleResult, match="its input 'out' is of a later attempt"):
            session.run(child)
        session.retry([session.record(session.sign([child])[0].signature)])
    place.all_ended()
    with place.session() as session:
        assert session.run(child)["copy"].read_text() == "1\n"
