"""What the store keeps of workflows, and what listeners hear."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, Workflow, WorkflowSuspended, hookimpl, job, step
from sojourn.errors import UnknownMachine, UnsupportedResource, WorkflowFailed
from sojourn.processes import me
from sojourn.values.events import Resumption, SuspensionNotice
from tests.core.workflow.place import Place, noting


class Listener:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.suspended: list[SuspensionNotice] = []
        self.resumed: list[Resumption] = []

    @hookimpl
    def sojourn_suspended(self, notice: SuspensionNotice) -> None:
        self.suspended.append(notice)

    @hookimpl
    def sojourn_resumed(self, resumption: Resumption) -> None:
        self.resumed.append(resumption)


@job(outputs=["out"])
def work(at: int, *, runs: str, command: str = "echo >out") -> Job:
    return Job(command=noting(f"work{at}", command, Path(runs)))


@step
def count(files: list[Path]) -> int:
    return len(files)


def flow(place: Place, name: str = "kept", **words: Any) -> int:
    with Workflow(name, version="1.2") as running:
        node = count(running.map(work, range(2), runs=str(place.runs), **words))
    value: int = node.value
    return value


def test_a_workflow_is_recorded_with_its_status_and_how_to_run_it_again(place: Place) -> None:
    how = {
        "script": "/somewhere/flow.py",
        "arguments": ("-n", "3"),
        "directory": "/somewhere",
        "environment": ("PATH",),
        "script_digest": "ab" * 32,
    }
    with place.running(on="here", **how), pytest.raises(WorkflowSuspended) as caught:
        flow(place)
    with place.session() as session:
        record = session.store.workflow("kept")
    assert record is not None
    assert record.status == "suspended"
    assert set(record.suspended_on) == {handle.signature for handle in caught.value.handles}
    assert (record.version, record.machine) == ("1.2", "here")
    assert (record.script, record.directory) == ("/somewhere/flow.py", "/somewhere")
    assert json.loads(record.arguments) == ["-n", "3"]
    assert json.loads(record.environment) == ["PATH"]
    assert record.script_digest == "ab" * 32
    place.finish(lambda: flow(place))
    with place.session() as session:
        again = session.store.workflow("kept")
    assert again is not None
    assert (again.status, again.suspended_on) == ("done", ())
    assert again.script == record.script  # a run without a script leaves that as it was
    assert again.created_at == record.created_at


def test_a_job_shared_by_two_workflows_is_one_job_in_both(place: Place) -> None:
    place.finish(lambda: flow(place, "one"))
    place.finish(lambda: flow(place, "two"))
    assert place.ran() == ["work0", "work1"]
    with place.session() as session:
        assert {record.workflow for record in session.store.select()} == {"one"}
        for name in ("one", "two"):
            members = session.store.members(name)
            assert [(m.node, m.step, m.machine) for m in members] == [
                ("work[0]", "work", "here"),
                ("work[1]", "work", "here"),
            ]
        (step_record,) = session.store.steps()
    assert step_record.workflow == "one"
    assert step_record.name == "count"


def test_listeners_hear_of_suspensions_and_of_what_was_ready(place: Place) -> None:
    listener = Listener()
    place.registry.register(listener, name="listener")
    with place.running(), pytest.raises(WorkflowSuspended) as caught:
        flow(place)
    signatures = {handle.signature for handle in caught.value.handles}
    (notice,) = listener.suspended
    assert (notice.workflow, set(notice.signatures)) == ("kept", signatures)
    assert listener.resumed == []
    place.all_ended()
    with place.running():
        flow(place)
    (resumption,) = listener.resumed
    assert (resumption.workflow, set(resumption.ready)) == ("kept", signatures)
    with place.running():
        flow(place)
    assert len(listener.suspended) == len(listener.resumed) == 1


def test_a_run_without_a_session_of_its_own_uses_the_one_given(place: Place) -> None:
    with place.session() as session:
        with pytest.raises(WorkflowSuspended), Workflow("given", session=session):
            work(1, runs=str(place.runs))
        assert session.store.workflow("given") is not None  # still open


def test_a_failed_one_says_why(place: Place) -> None:
    with pytest.raises(WorkflowFailed):
        place.finish(lambda: flow(place, command="exit 9"))
    with place.session() as session:
        record = session.store.workflow("kept")
    assert record is not None
    assert record.status == "failed"
    assert "exit status 9" in record.detail


@job(outputs=["out"])
def greedy(at: int) -> Job:
    return Job(command=["true"], resources={"reservation": "mine"}, parameters={"at": at})


@step
def look(at: int) -> int:
    if at:
        raise KeyboardInterrupt
    return at


def test_one_that_is_interrupted_waits_for_what_is_out(place: Place) -> None:
    gate = place.folder / "gate"
    command = f"until test -e '{gate}'; do sleep 0.1; done; echo >out"

    def interrupted(at: int) -> None:
        with Workflow("kept"):
            work(1, runs=str(place.runs), command=command)
            look(at)

    with place.running(), pytest.raises(WorkflowSuspended) as caught:
        interrupted(0)
    for status, waits_for in (
        ("suspended", tuple(handle.signature for handle in caught.value.handles)),
        ("failed", ()),
    ):
        with place.running(), pytest.raises(KeyboardInterrupt):
            interrupted(1)
        with place.session() as session:
            record = session.store.workflow("kept")
        assert record is not None
        assert (record.status, record.suspended_on) == (status, waits_for)
        assert (record.detail, record.owner) == ("interrupted", "")
        gate.touch()
        place.all_ended()


def test_what_was_asked_in_a_wrong_way_leaves_the_record_as_it_was(place: Place) -> None:
    with place.running(on="nowhere", script="/new.py"), pytest.raises(UnknownMachine):
        flow(place)
    with place.session() as session:
        assert session.store.workflow("kept") is None
    with place.running(script="/flow.py", environment=("X",)), pytest.raises(WorkflowSuspended):
        flow(place)
    with place.session() as session:
        before = session.store.workflow("kept")
    with place.running(on="nowhere", script="/new.py"), pytest.raises(UnknownMachine):
        flow(place)
    with (
        place.running(on="here", script="/new.py"),
        pytest.raises(UnsupportedResource),
        Workflow("kept"),
    ):
        greedy(1)
    with place.session() as session:
        assert session.store.workflow("kept") == before
    place.finish(lambda: flow(place))


def test_one_that_was_killed_goes_on_although_a_run_after_it_was_refused(place: Place) -> None:
    with place.running(), pytest.raises(WorkflowSuspended) as caught:
        flow(place)
    waits_for = tuple(handle.signature for handle in caught.value.handles)
    dead = subprocess.Popen(["true"])
    dead.wait()
    with place.session() as session:
        session.store.update_workflow("kept", status="running")
        assert session.store.claim_workflow("kept", str(replace(me(), pid=dead.pid)))
    with place.running(), pytest.raises(UnsupportedResource), Workflow("kept"):
        greedy(1)
    with place.session() as session:
        record = session.store.workflow("kept")
    assert record is not None
    assert (record.status, record.owner, record.suspended_on) == ("suspended", "", waits_for)
    place.finish(lambda: flow(place))


def test_an_unknown_machine_is_said_before_a_step_is_called(place: Place) -> None:
    with (
        place.running(on="nowhere"),
        pytest.raises(UnknownMachine),
        Workflow("steps alone"),
    ):
        count([])
    assert place.reports == []


def test_what_was_named_as_needed_is_named_again(place: Place) -> None:
    with place.running(script="/flow.py", needed=("DATA",)), pytest.raises(WorkflowSuspended):
        flow(place)
    with place.session() as session:
        record = session.store.workflow("kept")
    assert record is not None
    assert json.loads(record.options) == ["--env", "DATA"]
    place.finish(lambda: flow(place))
