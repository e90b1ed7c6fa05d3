"""Maps of which some items fail, and the step that takes what there is."""

from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, Workflow, job, step
from sojourn.errors import JobFailed, SojournError, StepFailed, UsageError, WorkflowFailed
from sojourn.states import State
from sojourn.workflow.report import NodeState
from tests.core.workflow.place import Place

called: list[Any] = []


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`."""
    called.clear()
    return Place(tmp_path / "place")


@job(outputs=["o"])
def checked(case: dict[str, Any], mended: str) -> Job:
    command = f"cp case o; [ -e '{mended}' ] || ! grep -q bad case"
    return Job(command=command, inputs={"case": case}, parameters={"n": case["n"]})


@job(outputs=["p"])
def after(fitted: Any) -> Job:
    return Job(command="cp o p", inputs={"o": fitted})


@step(version=1)
def describe(results: list[Any]) -> list[str]:
    found = [
        f"{type(one).__name__} {getattr(one, 'state', '')}"
        if isinstance(one, SojournError)
        else one.read_text()
        for one in results
    ]
    called.append(found)
    return found


@step(version=1)
def odd(number: int) -> int:
    if number % 2 == 0:
        raise ValueError(number)
    return number


@step(version=1)
def total(numbers: list[Any]) -> int:
    return sum(one for one in numbers if not isinstance(one, StepFailed))


def sweep(mended: Path, on_failure: Any = "collect") -> Any:
    with Workflow("sweep", on="here") as flow:
        cases = [{"n": 1}, {"n": 2, "also": "bad"}, {"n": 3}]
        fitted = flow.map(checked, cases, mended=str(mended), on_failure=on_failure)
        found = describe(fitted)
    return found.value


def test_the_reducer_gets_what_there_is_and_what_failed(place: Place) -> None:
    mended = place.folder / "mended"
    with_failure = ['{"n": 1}', "JobFailed FAILED", '{"n": 3}']
    assert place.finish(lambda: sweep(mended)) == with_failure
    assert place.states()["checked[1]"] is NodeState.FAILED
    assert place.finish(lambda: sweep(mended)) == with_failure
    assert called == [with_failure]  # remembered, as any value


def test_it_is_called_again_when_what_failed_is_done_after_all(place: Place) -> None:
    mended = place.folder / "mended"
    place.finish(lambda: sweep(mended))
    mended.touch()
    with place.session() as session:
        session.retry(session.store.select(states=[State.FAILED]))
    whole = ['{"n": 1}', '{"also": "bad", "n": 2}', '{"n": 3}']
    assert place.finish(lambda: sweep(mended)) == whole
    assert len(called) == 2
    assert place.finish(lambda: sweep(mended)) == whole
    assert len(called) == 2


def test_without_it_the_workflow_fails(place: Place) -> None:
    with pytest.raises(WorkflowFailed):
        place.finish(lambda: sweep(place.folder / "mended", "raise"))
    assert called == []


def test_steps_and_what_is_mapped_over_failed_items(place: Place) -> None:
    mended = place.folder / "mended"

    def workflow() -> Any:
        with Workflow("two", on="here") as flow:
            cases = [{"n": 1}, {"n": 2, "also": "bad"}]
            fitted = flow.map(checked, cases, mended=str(mended))
            copied = flow.map(after, fitted, on_failure="collect")
            numbers = flow.map(odd, range(4), on_failure="collect")
            found = describe(copied), total(numbers), numbers
        return found[0].value, found[1].value, found[2].value

    copied, sum_, numbers = place.finish(workflow)
    assert copied == ['{"n": 1}', "JobFailed FAILED"]
    assert sum_ == 4
    assert [type(one) for one in numbers] == [StepFailed, int, StepFailed, int]
    assert JobFailed.__name__ in copied[1]


def test_another_word_is_refused(place: Place) -> None:
    with place.running(), Workflow("x") as flow, pytest.raises(UsageError, match="'collect'"):
        flow.map(odd, [1], on_failure="ignore")  # type: ignore[arg-type]
