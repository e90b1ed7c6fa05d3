"""Parents whose directories were cleared away on the machine before their children came."""

import shutil
from pathlib import Path

import pytest

from sojourn import Job
from sojourn.states import State
from sojourn.store.records import JobRecord
from tests.core.workflow.place import Place, noting


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`."""
    return Place(tmp_path / "place")


def parent(place: Place) -> Job:
    return Job(
        command=noting("parent", "echo one >out; mkdir -p d/e; echo two >d/e/f", place.runs),
        outputs=["out", "d"],
        name="parent",
    )


def ended(place: Place, job: Job) -> JobRecord:
    """Hand a job in and wait for its end; its result is not fetched."""
    with place.session() as session:
        handle = session.submit([job])[0]
        record = session.poll_until_final([session.record(handle.signature)], timeout=60)[0]
    assert record.state is State.COMPLETED
    return record


def purge(place: Place, record: JobRecord) -> None:
    shutil.rmtree(place.folder / "root-here/jobs" / record.signature[:2] / record.signature)


def test_what_is_here_is_sent_up_again(place: Place) -> None:
    first = parent(place)
    record = ended(place, first)
    with place.session() as session:
        assert session.run(first)["out"].read_text() == "one\n"
    purge(place, record)
    taken = {"out": first.output("out"), "d": first.output("d")}
    child = Job(command="cat out d/e/f >both", inputs=taken, outputs=["both"])
    grandchild = Job(
        command="cat both >again", inputs={"both": child.output("both")}, outputs=["again"]
    )
    ended(place, grandchild)
    with place.session() as session:
        assert session.run(grandchild)["again"].read_text() == "one\ntwo\n"
        attempts = {record.attempt for record in session.store.select()}
    assert place.ran() == ["parent"]
    assert attempts == {1}


def test_one_file_that_is_gone_is_noticed_too(place: Place) -> None:
    first = parent(place)
    record = ended(place, first)
    with place.session() as session:
        session.run(first)
    (
        place.folder / "root-here/jobs" / record.signature[:2] / record.signature / "1/work/out"
    ).unlink()
    child = Job(command="cat out >copy", inputs={"out": first.output("out")}, outputs=["copy"])
    ended(place, child)


def test_what_is_nowhere_is_said_and_made_anew_by_a_retry(place: Place) -> None:
    first = parent(place)
    record = ended(place, first)
    purge(place, record)
    child = Job(command="cat out >copy", inputs={"out": first.output("out")}, outputs=["copy"])
    with place.session() as session:
        handle = session.submit([child])[0]
        waiting = session.record(handle.signature)
        assert waiting.state is State.NEW
        assert f"`sojourn retry {record.signature[:8]}` makes it anew" in waiting.reason
        session.retry([session.record(record.signature)])
        final = session.poll_until_final([waiting], timeout=60)[0]
    assert final.state is State.COMPLETED
    assert place.ran() == ["parent", "parent"]
