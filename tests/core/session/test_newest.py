"""Which of several attempts' results is the job's."""

from pathlib import Path

import pytest

from sojourn import Job, JobSuspended
from sojourn.errors import StaleResult
from sojourn.results.result import Result
from tests.core.workflow.place import Place

RANDOM = "cat /proc/sys/kernel/random/uuid"


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


def test_what_a_retry_has_made_and_cannot_be_had_is_asked_for_once_a_session(place: Place) -> None:
    parent = Job(command=f"{RANDOM} >out", outputs=["out"])
    child = Job(command="cat out >copy", inputs={"out": parent.output("out")}, outputs=["copy"])
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(child)
    place.all_ended()
    with place.session() as session:
        first = session.run(parent)
        session.run(child)
        session.retry([session.record(first.signature)])
    place.all_ended()
    (made,) = (place.folder / "root-here").glob(f"jobs/??/{first.signature}/2/work/out")
    hidden = made.rename(made.with_name("hidden"))
    with place.session() as session:
        assert session.run(child)["copy"].read_text() == first["out"].read_text()
        hidden.rename(made)
        session.run(child)
        assert session.cached(first.signature) is None
    with place.session() as session, pytest.raises(StaleResult):
        session.run(child)


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


@pytest.fixture
def two(tmp_path: Path) -> Place:
    """A computer with two machines."""
    return Place(tmp_path / "two", machines=("a", "b"))


@pytest.mark.parametrize(
    ("make", "take"),
    [(f"{RANDOM} >out", "cat out >copy"), (f"mkdir out; {RANDOM} >out/x", "cat out/x >copy")],
)
def test_what_travelled_to_another_machine_is_known_by_its_bytes(
    two: Place, make: str, take: str
) -> None:
    """Also if the parent's retry has come here before the result that was made of its first."""
    parent = Job(command=make, outputs=["out"])
    child = Job(command=take, inputs={"out": parent.output("out")}, outputs=["copy"])
    first = _made(two, parent, "a")
    with two.session() as session, pytest.raises(JobSuspended):
        session.run(child, on="b")
    two.all_ended()
    with two.session() as session:
        session.retry([session.record(first.signature)])
    two.all_ended()
    with two.session() as session:
        assert session.run(parent, on="a").manifest.attempt == 2
        with pytest.raises(StaleResult, match="its input 'out' has other bytes now"):
            session.run(child, on="b")
        session.retry([session.record(session.sign([child], "b")[0].signature)])
    two.all_ended()
    with two.session() as session:
        made, copy = session.run(parent, on="a")["out"], session.run(child, on="b")["copy"]
        made = made / "x" if made.is_dir() else made
        assert copy.read_text() == made.read_text()


def test_an_attempt_on_another_machine_is_another_attempt(two: Place) -> None:
    """Each machine has made its own, and the child's machine is the one that counts."""
    parent = Job(command=f"{RANDOM} >out", outputs=["out"])
    child = Job(command="cat out >copy", inputs={"out": parent.output("out")}, outputs=["copy"])
    elsewhere = _made(two, parent, "a")
    with two.session() as session, pytest.raises(JobSuspended):
        session.run(child, on="b", reuse="machine")
    two.all_ended()
    with two.session() as session:
        result = session.run(child, on="b", reuse="machine")
        assert session.record(elsewhere.signature, "b").attempt == 1
        assert result["copy"].read_text() != elsewhere["out"].read_text()
        assert result.manifest.consumed == {"out": "attempt 1"}


def _made(place: Place, job: Job, machine: str) -> Result:
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(job, on=machine)
    place.all_ended()
    with place.session() as session:
        return session.run(job, on=machine)
