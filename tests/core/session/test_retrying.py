"""What a retry asks for, whoever hands it in."""

import shutil
from pathlib import Path

import pytest

from sojourn import Job, JobSuspended
from sojourn.errors import JobFailed, NotPossible, TransferFailed
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


def test_what_an_earlier_retry_was_given_holds_for_later_ones_too(place: Place) -> None:
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(Job(command="exit 3"))
    for words in (Resources(walltime="7m"), Resources(memory="64MiB"), None):
        place.all_ended()
        with place.session() as session:
            session.retry(session.store.select(), resources=words)
            with pytest.raises((JobSuspended, JobFailed)):
                session.run(Job(command="exit 3"))
    (record,) = place.all_ended()
    assert record.attempt == 4
    found = Resources.model_validate_json(record.resources)
    assert (found.walltime, found.memory) == (420, 64 << 20)


def test_a_child_that_its_parent_keeps_from_running_says_to_retry_the_parent(place: Place) -> None:
    mended = place.folder / "mended"
    parent = Job(command=f"[ -e '{mended}' ] && echo 1 >o", outputs=["o"], name="parent")
    child = Job(command="cat o >p", inputs={"o": parent.output("o")}, outputs=["p"], name="child")
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(child)
    place.all_ended()
    with place.session() as session:
        first, second = (session.record(one.signature) for one in session.sign([parent, child]))
        assert (first.state, second.state) == (State.FAILED, State.CANCELLED)
        again = f"`sojourn retry {first.signature[:8]}` runs "
        with pytest.raises(NotPossible, match="because its parent parent is FAILED") as caught:
            session.retry([second])
        assert again in caught.value.hint
        (told,) = session.gather([child], on_failure="collect")
        assert isinstance(told, JobFailed)
        assert again in told.hint
        mended.touch()
        session.retry([second, first])
    assert {record.state for record in place.all_ended()} == {State.COMPLETED}


def test_a_deleted_job_s_next_life_starts_clean(place: Place) -> None:
    job = Job(command=f"echo $$ >>'{place.runs}'; echo told >&2; exit 3", name="twice")
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(job)
    place.all_ended()
    with place.session() as session:
        session.retry(session.store.select(), resources=Resources(walltime="7s"))
    place.all_ended()
    with place.session() as session:
        with pytest.raises(JobFailed) as caught:
            session.run(job)
        assert caught.value.stderr_tail == "told"
        (record,) = session.store.select()
        assert Resources.model_validate_json(record.resources).walltime == 7
        session.store.delete_job(record.signature, record.machine)
    shutil.rmtree(place.folder / "root-here" / "jobs" / record.signature[:2])
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(job)
    (anew,) = place.all_ended()
    assert (anew.attempt, anew.given, anew.stderr_tail) == (1, "{}", "")
    assert Resources.model_validate_json(anew.resources).walltime is None
    assert len(place.ran()) == 3


def test_what_an_earlier_signature_format_knew_stays_and_is_not_found_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(command="echo 1 >o", outputs=["o"])
    with monkeypatch.context() as before:
        before.setattr("sojourn.identity.components.SIGNATURE_FORMAT", 1)
        with place.session() as session, pytest.raises(JobSuspended):
            session.run(job)
        (old,) = place.all_ended()
    with place.session() as session:
        assert session.sign([job])[0].signature != old.signature
        assert session.record(old.signature).state is State.COMPLETED
        result = session.fetch_results([old])[old.signature]
        assert not isinstance(result, TransferFailed)
        assert (result.path / "o").read_text() == "1\n"
        with pytest.raises(NotPossible, match="an earlier release recorded it"):
            session.retry([old])
        with pytest.raises(JobSuspended):
            session.run(job)
        assert len(session.store.select()) == 2
