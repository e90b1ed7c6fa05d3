"""What is paused: jobs, machines, workflows; and jobs that several workflows share."""

from pathlib import Path

import pytest

from sojourn.states import State
from sojourn.store.pauses import Pauses
from sojourn.store.plans import Membership, WorkflowRecord
from sojourn.store.records import JobRecord
from sojourn.store.store import Store
from tests.core.store.samples import job


def paused(store: Store) -> set[int]:
    """The numbers of the jobs that are paused in fact."""
    pauses = store.pauses()
    return {int(one.name.split()[1]) for one in store.select() if pauses.cover(one)}


@pytest.fixture
def jobs(store: Store) -> list[JobRecord]:
    """Job 1 is of `a` by its record, 2 a member of `a`, 3 of both, 4 of none, 5 elsewhere."""
    made = [
        job(1, workflow="a"),
        job(2),
        job(3, workflow="b"),
        job(4),
        job(5, machine="other"),
    ]
    store.put_jobs(made)
    for name in "ab":
        store.put_workflow(WorkflowRecord(name))
    store.join(
        [
            Membership("a", "two", made[1].signature, "hpc"),
            Membership("a", "three", made[2].signature, "hpc"),
        ]
    )
    return made


def test_nothing_is_paused_at_first(store: Store, jobs: list[JobRecord]) -> None:
    assert store.pauses() == Pauses()
    assert paused(store) == set()


def test_a_job_by_itself(store: Store, jobs: list[JobRecord]) -> None:
    key = (jobs[3].signature, "hpc")
    assert store.pause_jobs([key], paused=True) == 1
    assert store.pause_jobs([key], paused=True) == 0
    assert paused(store) == {4}
    assert store.pause_jobs([key], paused=False) == 1
    assert paused(store) == set()


def test_a_machine(store: Store, jobs: list[JobRecord]) -> None:
    store.update_machine("hpc", paused=True)
    assert paused(store) == {1, 2, 3, 4}
    assert set(store.census()) == {"other"}
    store.update_machine("hpc", paused=False)
    assert paused(store) == set()


def test_a_job_that_a_workflow_shares_goes_on(store: Store, jobs: list[JobRecord]) -> None:
    store.update_workflow("a", paused=True)
    assert paused(store) == {1, 2}
    assert store.census()["hpc"].waiting == 2
    store.update_workflow("b", paused=True)
    assert paused(store) == {1, 2, 3}
    assert store.census()["hpc"].waiting == 1


def test_it_outlives_the_process(store: Store, jobs: list[JobRecord], tmp_path: Path) -> None:
    store.update_workflow("a", paused=True)
    store.update_machine("other", paused=True)
    store.close()
    with Store(store.path) as again:
        assert paused(again) == {1, 2, 5}


def test_what_is_shown_is_what_holds(store: Store, jobs: list[JobRecord]) -> None:
    store.update_workflow("a", paused=True)
    pauses = store.pauses()
    shown = pauses.shown(store.listing())
    assert {line.name for line in shown if line.to_json()["paused"]} == {"job 1", "job 2"}
    assert {one.name for one in pauses.shown(store.select()) if one.paused} == {"job 1", "job 2"}
    assert not any(line.paused for line in store.listing())


def test_ended_jobs_are_no_matter_of_a_workflow_s_pause(store: Store) -> None:
    store.put_workflow(WorkflowRecord("a", paused=True))
    store.put_jobs([job(1, workflow="a", state=State.COMPLETED)])
    assert paused(store) == set()
