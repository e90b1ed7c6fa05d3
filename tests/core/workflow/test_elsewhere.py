"""The same workflow on a second computer, whose store is empty, over the same machine."""

from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, Workflow, WorkflowSuspended, job, step
from sojourn.errors import WorkflowFailed
from sojourn.states import State
from tests.core.workflow.place import Place, noting

called: list[str] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    called.clear()


@pytest.fixture
def second(place: Place) -> Place:
    """A computer that reaches the same machine."""
    return Place(place.folder, "two")


@step
def cut(text: str, parts: int) -> list[list[str]]:
    called.append("cut")
    return [[text[part::parts]] for part in range(parts)]


@job(outputs=["out"])
def turn(part: Any, at: int, *, runs: str, command: str = "rev in >out") -> Job:
    return Job(command=noting(f"turn{at}", command, Path(runs)), inputs={"in": part})


@job(outputs=["all"])
def glue(parts: Any, *, runs: str) -> Job:
    inputs = {f"part{at}": part for at, part in enumerate(parts)}
    return Job(command=noting("glue", "cat part* >all", Path(runs)), inputs=inputs)


def flow(place: Place, parts: int = 3, command: str = "rev in >out") -> str:
    with Workflow("turned") as running:
        pieces, runs = cut("abcdef", parts), str(place.runs)
        turned = running.map(turn, pieces, range(parts), runs=runs, command=command)
        node = glue(turned, runs=runs)
    text: str = node.value.read_text()
    return text


class TestWhatLiesOnTheMachine:
    def test_finished_jobs_are_found_and_no_step_is_called(
        self, place: Place, second: Place
    ) -> None:
        first = place.finish(lambda: flow(place))
        called.clear()
        with second.running():
            assert flow(second) == first
        assert called == []
        assert place.ran() == ["glue", "turn0", "turn1", "turn2"]
        assert {record.state for record in second.jobs()} == {State.COMPLETED}

    def test_jobs_that_are_out_are_taken_over(self, place: Place, second: Place) -> None:
        gate = place.folder / "gate"
        command = f"while ! test -e '{gate}'; do sleep 0.1; done; rev in >out"
        with place.running(), pytest.raises(WorkflowSuspended):
            flow(place, command=command)
        called.clear()
        with second.running(), pytest.raises(WorkflowSuspended) as caught:
            flow(second, command=command)
        gate.touch()
        assert called == []
        assert len(caught.value.handles) == 4
        first = place.finish(lambda: flow(place, command=command))
        assert second.finish(lambda: flow(second, command=command)) == first
        assert place.ran() == ["glue", "turn0", "turn1", "turn2"]
        assert called == []

    def test_what_is_not_there_is_handed_in_after_its_step_was_called(
        self, place: Place, second: Place
    ) -> None:
        place.finish(lambda: flow(place))
        called.clear()

        def other() -> str:
            with Workflow("turned") as running:
                pieces = cut("abcdef", 3)
                found = running.map(turn, pieces, range(3), runs=str(place.runs))
                new = turn(pieces[0], 7, runs=str(place.runs))
            return "".join(node.value.read_text() for node in (*found, new))

        second.finish(other)
        assert called == ["cut"]
        assert place.ran() == ["glue", "turn0", "turn1", "turn2", "turn7"]

    def test_a_later_attempt_is_the_one_that_counts(self, place: Place, second: Place) -> None:
        gate = place.folder / "gate"

        def gated(here: Place) -> str:
            with Workflow("gated"):
                command = f"test -e '{gate}' && rev in >out"
                node = turn(cut("abc", 1)[0], 0, runs=str(place.runs), command=command)
            text: str = node.value.read_text()
            return text

        with pytest.raises(WorkflowFailed):
            place.finish(lambda: gated(place))
        gate.touch()
        with place.session() as session:
            session.retry(session.store.select())
        first = place.finish(lambda: gated(place))
        called.clear()
        assert second.finish(lambda: gated(second)) == first
        assert called == []
        assert [record.attempt for record in second.jobs()] == [2]
        assert place.ran() == ["turn0", "turn0"]

    def test_a_failure_is_told_there_too(self, place: Place, second: Place) -> None:
        def failing(here: Place) -> None:
            with Workflow("failing"):
                turn(cut("abc", 1)[0], 0, runs=str(place.runs), command="echo no >&2; exit 4")

        with pytest.raises(WorkflowFailed, match="exit status 4"):
            place.finish(lambda: failing(place))
        with pytest.raises(WorkflowFailed, match="exit status 4"):
            second.finish(lambda: failing(second))
        assert place.ran() == ["turn0"]
        assert called == ["cut"]
