"""A workflow's current jobs are those of its last run, whatever that was."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, Workflow, WorkflowSuspended, job, step
from sojourn.errors import NeedsConfirmation, UnsupportedResource
from sojourn.store.records import JobRecord
from sojourn.workflow.settings import DryRun
from tests.core.workflow.place import Place


@job(outputs=["out"])
def work(at: Any, *, version: int = 1) -> Job:
    return Job(command=f"echo {at} {version} >out")


@job(outputs=["out"])
def after(before: Any) -> Job:
    return Job(command="cp in out", inputs={"in": before})


@step
def count(files: Sequence[Path], nothing: int = 0) -> int:
    return len(files) + nothing


def sweep(numbers: Sequence[int], version: int = 1) -> None:
    with Workflow("sweep") as flow:
        flow.map(work, numbers, version=version)


def names(place: Place, *, every: bool = False, workflow: str = "sweep") -> list[str]:
    """Name and version of the current jobs, or of all that are known."""
    with place.session() as session:
        found = session.store.select(workflow=workflow, current=not every, newest_first=False)
    return sorted(f"{one.name}:{_version(one)}" for one in found)


def _version(record: JobRecord) -> str:
    return record.job.partition(" >out")[0].rpartition(" ")[2] if ">out" in record.job else ""


def test_an_edit_leaves_the_jobs_before_it_behind(place: Place) -> None:
    place.finish(lambda: sweep(range(3)))
    place.finish(lambda: sweep(range(3), version=2))
    assert names(place) == ["work[0]:2", "work[1]:2", "work[2]:2"]
    assert len(names(place, every=True)) == 6


def test_a_removed_case_is_left_behind_and_comes_back(place: Place) -> None:
    place.finish(lambda: sweep(range(3)))
    place.finish(lambda: sweep(range(2)))
    assert names(place) == ["work[0]:1", "work[1]:1"]
    place.finish(lambda: sweep(range(3)))
    assert len(names(place)) == 3


def test_a_run_that_is_suspended_is_the_last_run(place: Place) -> None:
    place.finish(lambda: sweep(range(2)))
    with place.running(), pytest.raises(WorkflowSuspended):
        sweep([5])
    assert names(place) == ["work[0]:1"]
    with place.session() as session:
        (current,) = session.store.select(workflow="sweep", current=True)
    assert "echo 5" in current.job


def test_jobs_that_nobody_agreed_to_replace_remain_current(place: Place) -> None:
    @step
    def cases(number: int, version: int) -> list[list[int]]:
        return [[at, version] for at in range(number)]

    def mapped(version: int) -> None:
        with Workflow("sweep") as flow:
            count(list(flow.map(after, cases(21, version))))

    def current() -> set[str]:
        with place.session() as session:
            found = session.store.select(workflow="sweep", current=True)
        return {one.signature for one in found}

    place.finish(lambda: mapped(1))
    before = current()
    with place.running(), pytest.raises(NeedsConfirmation):
        mapped(2)
    assert (current(), len(before)) == (before, 21)


def test_a_dry_run_is_no_run(place: Place) -> None:
    place.finish(lambda: sweep(range(2)))
    with place.running(dry_run=True), pytest.raises(DryRun):
        sweep(range(1), version=2)
    assert names(place) == ["work[0]:1", "work[1]:1"]


def test_a_run_that_was_refused_changes_nothing(place: Place) -> None:
    place.finish(lambda: sweep(range(2)))

    def asks_too_much() -> None:
        with Workflow("sweep") as flow:
            flow.map(work, [7])
            node = work(8)
            node.job = node.job.replace(resources={"qos": "none"})

    with place.running(), pytest.raises(UnsupportedResource):
        asks_too_much()
    assert names(place) == ["work[0]:1", "work[1]:1"]


def test_a_retried_job_stays_where_it_is(place: Place) -> None:
    place.finish(lambda: sweep(range(2)))
    with place.session() as session:
        (first, *_) = session.store.select(workflow="sweep")
        session.retry([first])
    place.all_ended()
    place.finish(lambda: sweep(range(2)))
    assert len(names(place)) == 2


def test_a_value_that_is_asked_for_midway_leaves_nothing_else_behind(place: Place) -> None:
    """What comes after a suspension in the middle of the script was not looked at."""

    def flow(version: int, length: int) -> None:
        with Workflow("sweep") as running:
            found = running.map(work, range(length), version=version)
            if count(found).value:
                work("last")

    place.finish(lambda: flow(1, 2))
    assert names(place) == ["work#2:1", "work[0]:1", "work[1]:1"]
    with place.running(), pytest.raises(WorkflowSuspended):
        flow(2, 1)
    assert names(place) == ["work#2:1", "work[0]:2"]
    place.finish(lambda: flow(2, 1))
    assert names(place) == ["work#2:1", "work[0]:2"]


def test_jobs_inside_a_step_remain_as_long_as_its_value_is_remembered(place: Place) -> None:
    @step(version=1)
    def inner(numbers: list[int]) -> int:
        with Workflow("inner"):
            found = [work(number) for number in numbers]
            total = count(found)
        return int(total.value)

    def flow(numbers: list[int]) -> None:
        with Workflow("sweep"):
            inner(numbers)

    place.finish(lambda: flow([1, 2]))
    inside = names(place)
    assert len(inside) == 2
    place.finish(lambda: flow([1, 2]))  # the step is not called
    assert names(place) == inside
    place.finish(lambda: flow([3]))
    assert [one.partition(":")[2] for one in names(place)] == ["1"]
    with place.session() as session:
        (current,) = session.store.select(workflow="sweep", current=True)
    assert "echo 3" in current.job


def test_a_shared_job_is_current_in_the_workflow_that_still_has_it(place: Place) -> None:
    def other() -> None:
        with Workflow("other"):
            work(0)

    place.finish(lambda: sweep(range(2)))
    place.finish(other)
    place.finish(lambda: sweep([1]))
    assert len(names(place)) == 1
    assert names(place, workflow="other") == ["work[0]:1"]  # it was recorded for the sweep
    with place.session() as session:
        assert session.store.superseded() == frozenset()


def test_a_run_that_is_killed_while_it_submits_has_its_jobs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are recorded with the workflow before the machine is contacted."""
    from sojourn.session.submitting import Submitter

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    place.finish(lambda: sweep(range(2)))
    with monkeypatch.context() as patched, place.running():
        patched.setattr(Submitter, "submit", killed)
        with pytest.raises(KeyboardInterrupt):
            sweep(range(2), version=2)
    assert names(place) == ["work[0]:2", "work[1]:2"]
