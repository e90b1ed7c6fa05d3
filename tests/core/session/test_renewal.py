"""Jobs that are asked for otherwise than before: named, replaced in the queue, or run again."""

import json
from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, JobSuspended
from sojourn.errors import JobFailed, UnsupportedResource
from sojourn.session.changing import Changer
from sojourn.states import State
from sojourn.store.records import JobRecord
from sojourn.values.resources import Resources
from tests.core.workflow.place import Place
from tests.support.waiting import eventually


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`, that runs one job at a time."""
    place = Place(tmp_path / "place")
    configure(place, slots=1)
    return place


def configure(place: Place, **words: Any) -> None:
    """Change the entry of the machine `here`."""
    entries = json.loads(place.machines_file.read_text())
    entries["machines"]["here"] |= words
    place.machines_file.write_text(json.dumps(entries))


def job_of(place: Place, name: str = "sim", **resources: Any) -> Job:
    return Job(
        command=f"echo {name} >>'{place.runs}'; echo 1 >o; test -e '{place.folder}/ok'",
        outputs=["o"],
        resources=Resources(**resources),
        name=name,
    )


def occupy(place: Place) -> Path:
    """Let a job run until the file is there that is returned."""
    gate = place.folder / "gate"
    command = f"while ! test -e '{gate}'; do sleep 0.05; done"
    with place.session() as session:
        session.submit([Job(command=command, name="first")])
        eventually(lambda: refreshed(place, "first").state is State.RUNNING)
    return gate


def refreshed(place: Place, name: str) -> JobRecord:
    with place.session() as session:
        session.refresh_each()
        return next(record for record in session.store.select() if record.name == name)


def run(place: Place, job: Job, **words: Any) -> None:
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(job, **words)


def test_a_waiting_job_is_named_and_replaced_when_asked_for_exactly_once(place: Place) -> None:
    """With what waits for it; the old attempts never run."""
    (place.folder / "ok").touch()
    gate = occupy(place)
    old, new = job_of(place, walltime="3h"), job_of(place, walltime="3m")
    command = f"echo child >>'{place.runs}'; cat o"
    run(place, Job(command=command, inputs={"o": old.output("o")}, name="child"))
    run(place, new)
    assert place.lines[-1:] == [
        "sim waits with walltime=3h; asks for 3m now; --update replaces it in the queue"
    ]
    assert refreshed(place, "sim").attempt == 1
    run(place, new, update=True)
    assert place.lines[-1] == (
        "sim waits with walltime=3h; asks for 3m now; it is replaced in the queue"
    )
    run(place, new, update=True)  # nothing is left to replace
    assert [refreshed(place, name).attempt for name in ("sim", "child")] == [2, 2]
    gate.touch()
    assert {record.state for record in place.all_ended()} == {State.COMPLETED}
    assert place.ran() == ["child", "sim"]
    assert json.loads(refreshed(place, "sim").resources)["walltime"] == 180


def test_a_replacement_that_is_cut_off_is_completed_by_the_next_run(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the closing of the old attempts and the making of the next ones."""
    (place.folder / "ok").touch()
    gate = occupy(place)
    old, new = job_of(place, walltime="3h"), job_of(place, walltime="3m")
    command = f"echo child >>'{place.runs}'; cat o"
    run(place, Job(command=command, inputs={"o": old.output("o")}, name="child"))
    with monkeypatch.context() as patch, place.session() as session:

        def cut_off(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Changer, "cancel", cut_off)
        with pytest.raises(KeyboardInterrupt):
            session.run(new, update=True)
    gate.touch()
    ended = {record.name: record.state for record in place.all_ended()}
    assert ended == {
        "first": State.COMPLETED, "sim": State.CANCELLED, "child": State.CANCELLED,
    }  # fmt: skip
    run(place, Job(command=command, inputs={"o": new.output("o")}, name="child"))
    run(place, new)
    assert {record.state for record in place.all_ended()} == {State.COMPLETED}
    assert place.ran() == ["child", "sim"]


def test_a_running_job_is_named_and_never_replaced(place: Place) -> None:
    gate = place.folder / "gate"
    command = f"echo x >>'{place.runs}'; while ! test -e '{gate}'; do sleep 0.05; done"
    run(place, Job(command=command, name="sim", resources={"walltime": "3h"}))
    eventually(lambda: refreshed(place, "sim").state is State.RUNNING)
    run(place, Job(command=command, name="sim", resources={"walltime": "3m"}), update=True)
    assert "sim runs with walltime=3h; asks for 3m now; it goes on as it is" in place.lines
    gate.touch()
    assert [(one.state, one.attempt) for one in place.all_ended()] == [(State.COMPLETED, 1)]
    assert place.ran() == ["x"]


def test_what_started_since_the_last_poll_is_not_ended(place: Place) -> None:
    """The store says that it waits; on the machine it runs."""
    gate, until = occupy(place), place.folder / "until"
    command = f"echo x >>'{place.runs}'; while ! test -e '{until}'; do sleep 0.05; done"
    run(place, Job(command=command, name="sim", resources={"walltime": "3h"}))
    gate.touch()
    eventually(lambda: place.ran() == ["x"])
    with place.session() as session:
        job = Job(command=command, name="sim", resources={"walltime": "3m"})
        (handle,) = session.submit([job], update=True)  # which polls nothing before
    assert "sim has started meanwhile; it goes on as it is" in place.lines
    assert handle.attempt == 1
    until.touch()
    assert {one.state for one in place.all_ended()} == {State.COMPLETED}
    assert place.ran() == ["x"]


def test_a_failed_job_runs_again_with_what_is_asked_now(place: Place) -> None:
    run(place, job_of(place, memory="150MiB"))
    place.all_ended()
    with place.session() as session, pytest.raises(JobFailed):
        session.run(job_of(place, memory="150MiB"))
    with place.session() as session, pytest.raises(JobFailed):
        session.run(job_of(place, memory="600MiB"), retry_changed=False)
    assert place.lines == [
        "sim failed with memory=150MiB; asks for 600MiB now; `sojourn retry` runs it again"
    ]
    run(place, job_of(place, memory="600MiB"))
    assert place.lines[-1] == "sim failed with memory=150MiB; asks for 600MiB now; it is run again"
    (record,) = place.all_ended()
    assert (record.attempt, json.loads(record.resources)["memory"]) == (2, 600 << 20)
    with place.session() as session, pytest.raises(JobFailed):  # not again and again
        session.run(job_of(place, memory="600MiB"))


def test_a_retry_without_the_script_asks_for_what_it_last_said(place: Place) -> None:
    run(place, job_of(place, memory="150MiB"))
    place.all_ended()
    with place.session() as session, pytest.raises(JobFailed):
        session.run(job_of(place, memory="600MiB"), retry_changed=False)
    with place.session() as session:
        session.retry(session.store.select())
    (record,) = place.all_ended()
    assert (record.attempt, json.loads(record.resources)["memory"]) == (2, 600 << 20)


def test_a_changed_setup_or_default_of_the_machine_counts_too(place: Place) -> None:
    run(place, job_of(place))
    place.all_ended()
    configure(place, setup="export X=1\n", defaults={"walltime": "5m"})
    run(place, job_of(place))
    assert place.lines[-1] == (
        "sim failed with no walltime; asks for 5m now; the machine's setup has changed since; "
        "it is run again"
    )
    assert [one.attempt for one in place.all_ended()] == [2]


def test_what_the_machine_cannot_honour_closes_nothing(place: Place) -> None:
    gate = occupy(place)
    run(place, job_of(place, walltime="3h"))
    with place.session() as session, pytest.raises(UnsupportedResource):
        session.run(job_of(place, reservation="mine"), update=True)
    record = refreshed(place, "sim")
    assert (record.state, record.attempt) == (State.QUEUED, 1)
    gate.touch()
    place.all_ended()
