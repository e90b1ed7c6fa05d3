"""What fails, what goes on all the same, and what is told in the end."""

from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, JobFailed, Workflow, WorkflowSuspended, job, step
from sojourn.errors import InvalidJob, StepFailed, Unreachable, UnsupportedResource, WorkflowFailed
from sojourn.states import State
from sojourn.workflow.report import NodeState
from tests.core.workflow.place import Place, noting

called: list[str] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    called.clear()


@job(outputs=["out"])
def work(name: str, command: str, before: Any = None, *, runs: str) -> Job:
    inputs = {} if before is None else {"before": before}
    return Job(command=noting(name, command, Path(runs)), inputs=inputs)


@step
def read(file: Path) -> str:
    called.append("read")
    return file.read_text()


@step
def broken(word: str) -> str:
    called.append("broken")
    numbers: dict[str, str] = {}
    return numbers[word]


class TestAJobThatFails:
    @staticmethod
    def flow(place: Place) -> Any:
        runs = str(place.runs)
        with Workflow("branches"):
            bad = work("bad", "echo oh no >&2; exit 3", runs=runs)
            after = work("after", "cat before >out", bad, runs=runs)
            read(after)
            good = work("good", "echo fine >out", runs=runs)
            more = work("more", "cat before >out", good, runs=runs)
            node = read(more)
        return node

    def test_does_not_stop_the_others_and_is_told_in_the_end(self, place: Place) -> None:
        with pytest.raises(WorkflowFailed) as caught:
            place.finish(lambda: self.flow(place))
        failures = caught.value.failures
        assert len(failures) == 1
        assert isinstance(failures[0], JobFailed)
        assert failures[0].exit_code == 3
        assert failures[0].stderr_tail == "oh no"
        assert str(caught.value).startswith("workflow branches failed: job work on here is FAILED")
        assert place.ran() == ["bad", "good", "more"]
        assert called == ["read"]
        states = place.states()
        assert states["work"] is NodeState.FAILED
        assert states["work#2"] is states["read"] is NodeState.SKIPPED
        assert states["read#2"] is NodeState.RAN
        with place.session() as session:
            record = session.store.workflow("branches")
        assert record is not None
        assert record.status == "failed"
        assert "work" in record.detail

    def test_is_not_run_again_by_itself_but_after_retry_with_what_follows(
        self, place: Place
    ) -> None:
        gate = place.folder / "gate"

        def flow() -> str:
            runs = str(place.runs)
            with Workflow("retried"):
                first = work("first", f"test -e '{gate}' && echo 1 >out", runs=runs)
                node = read(work("second", "cat before before >out", first, runs=runs))
            value: str = node.value
            return value

        with pytest.raises(WorkflowFailed):
            place.finish(flow)
        with place.running(), pytest.raises(WorkflowFailed):
            flow()
        assert place.ran() == ["first"]
        gate.touch()
        with place.session() as session:
            failed = [one for one in session.store.select() if one.state is State.FAILED]
            session.retry(failed)
        assert place.finish(flow) == "1\n1\n"
        assert place.ran() == ["first", "first", "second"]

    def test_while_others_wait_the_workflow_is_suspended_and_the_failure_is_said(
        self, place: Place
    ) -> None:
        gate = place.folder / "gate"
        runs = str(place.runs)

        def flow() -> None:
            with Workflow("mixed"):
                work("bad", "exit 1", runs=runs)
                work("slow", f"while ! test -e '{gate}'; do :; done; echo >out", runs=runs)

        with place.running(), pytest.raises(WorkflowSuspended):
            flow()
        with place.session() as session:
            bad = [one for one in session.store.select() if one.name == "work"]
            session.poll_until_final(bad, timeout=30)
        with place.running(), pytest.raises(WorkflowSuspended) as caught:
            flow()
        assert [handle.name for handle in caught.value.handles] == ["work#2"]
        assert any("work" in line and "FAILED" in line for line in place.lines)
        gate.touch()
        with pytest.raises(WorkflowFailed):
            place.finish(flow)


class TestAStepThatFails:
    def test_tells_where_in_a_short_traceback_and_is_called_once_a_run(self, place: Place) -> None:
        def flow() -> None:
            with Workflow("step"):
                word = broken("missing")
                work("never", "echo >out", word, runs=str(place.runs))

        with place.running(wait=True), pytest.raises(WorkflowFailed) as caught:
            flow()
        failure = caught.value.failures[0]
        assert isinstance(failure, StepFailed)
        assert str(failure) == "step broken failed: KeyError: 'missing'"
        assert isinstance(failure.__cause__, KeyError)
        (note,) = (one for one in failure.__notes__ if one != failure.hint_note)
        assert "return numbers[word]" in note
        assert "sojourn/workflow" not in note
        assert called == ["broken"]
        assert place.jobs() == []
        with place.running(), pytest.raises(WorkflowFailed):
            flow()
        assert called == ["broken"] * 2

    def test_a_value_that_cannot_be_remembered_is_its_failure(self, place: Place) -> None:
        @step
        def odd() -> Any:
            return {"it": object()}

        def flow() -> None:
            with Workflow("odd"):
                odd()

        with place.running(), pytest.raises(WorkflowFailed, match=r"returned\['it'\] is a object"):
            flow()

    def test_an_item_that_is_not_there(self, place: Place) -> None:
        @step
        def pair() -> list[int]:
            return [1, 2]

        @step
        def same(value: int) -> int:
            return value

        def flow() -> None:
            with Workflow("items"):
                same(pair()[5])

        with place.running(), pytest.raises(WorkflowFailed, match=r"there is no pair\[5\]"):
            flow()


class TestWhatIsWrongBeforeAnythingRuns:
    def test_a_missing_file(self, place: Place) -> None:
        def flow() -> None:
            with Workflow("missing"):
                read(place.folder / "nothing")

        with place.running(), pytest.raises(InvalidJob, match="nothing"):
            flow()
        assert called == []

    def test_a_resource_that_the_machine_does_not_know(self, place: Place) -> None:
        @step
        def before() -> list[int]:
            called.append("before")
            return []

        @job(outputs=["out"], qos="high")
        def wants(given: Any) -> Job:
            return Job(command="true", inputs={"in": given})

        def flow() -> None:
            with Workflow("resources"):
                wants(before())

        with place.running(), pytest.raises(UnsupportedResource, match="qos"):
            flow()
        assert called == []
        assert place.jobs() == []


class TestAMachineThatDoesNotAnswer:
    def test_changes_nothing_and_the_others_go_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = Place(tmp_path / "place", machines=("here", "there"))
        runs = str(place.runs)
        (place.folder / "root-there").write_text("no directory")

        @job(outputs=["out"], on="there")
        def far() -> str:
            return noting("far", "echo >out", place.runs)

        def flow() -> None:
            with Workflow("far", on="here"):
                work("near", "echo >out", runs=runs)
                far()

        with place.running(), pytest.raises(WorkflowSuspended) as caught:
            flow()
        assert [handle.machine for handle in caught.value.handles] == ["here"]
        assert any("there" in line for line in place.lines)
        place.all_ended()
        with place.running(), pytest.raises(Exception, match="there") as alone:
            flow()
        assert not isinstance(alone.value, WorkflowFailed | Unreachable)
        (place.folder / "root-there").unlink()
        place.finish(flow)
        assert place.ran() == ["far", "near"]
