"""Which workflows can go on: as a fresh look would say, after any sequence of events."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sojourn.monitor.readiness import Readiness, same_run, suspended
from sojourn.processes import me
from sojourn.states import FINAL, TRANSITIONS, State
from sojourn.store.plans import WorkflowRecord
from sojourn.store.store import Store
from tests.core.store.samples import job, signature


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.sqlite3") as made:
        yield made


def waiting(readiness: Readiness) -> dict[str, set[str]]:
    return {name: set(one.out) for name, one in readiness.waiting.items()}


@pytest.mark.parametrize("seed", range(5))
def test_following_is_the_same_as_looking(store: Store, seed: int) -> None:
    dice = random.Random(seed)
    store.put_jobs([job(n, state=State.QUEUED) for n in range(30)])
    for name in "abc":
        wanted = tuple(signature(n) for n in dice.sample(range(30), 10))
        store.put_workflow(WorkflowRecord(name, status="suspended", suspended_on=wanted))
    followed, position = Readiness(store), store.last_event_id()
    followed.look([])
    for _ in range(60):
        for _ in range(dice.randrange(4)):
            record = store.get(signature(dice.randrange(30)), "hpc")
            assert record is not None
            new = dice.choice(sorted(TRANSITIONS[record.state]))
            key = (record.signature, record.machine)
            more = {"expected": record.state, "expected_attempt": record.attempt}
            if record.state in FINAL and new is State.NEW:
                store.new_attempt(*key, **more)  # type: ignore[arg-type]
            else:
                store.change(*key, new_state=new, **more)  # type: ignore[arg-type]
        if dice.random() < 0.1:
            wanted = tuple(signature(n) for n in dice.sample(range(30), 5))
            store.update_workflow(dice.choice("abc"), suspended_on=wanted)
        events = store.changes_since(position)
        position = events[-1].id if events else position
        followed.look(events)
        fresh = Readiness(store)
        fresh.look([])
        assert waiting(followed) == waiting(fresh)


def test_only_suspended_ones_wait(store: Store) -> None:
    for status in ("running", "suspended", "done", "failed"):
        store.put_workflow(WorkflowRecord(status, status=status))
    readiness = Readiness(store)
    readiness.look([])
    assert set(readiness.waiting) == {"suspended"}
    store.update_workflow("suspended", status="done")
    readiness.look([])
    assert readiness.waiting == {}


def test_one_whose_process_was_killed_waits_too() -> None:
    running = WorkflowRecord("w", status="running", owner=str(me()))
    assert not suspended(running)
    assert suspended(replace(running, owner=str(replace(me(), start="0"))))
    assert not suspended(replace(running, owner=""))


def test_some_is_enough_if_asked_for(store: Store) -> None:
    store.put_jobs([job(1, state=State.FAILED), job(2, state=State.RUNNING)])
    both = (signature(1), signature(2))
    store.put_workflow(WorkflowRecord("w", status="suspended", suspended_on=both))
    readiness = Readiness(store)
    readiness.look([])
    wait = readiness.waiting["w"]
    assert (wait.ended, wait.ready) == (1, False)
    assert wait.ready_for(some=True)
    assert not wait.ready_for(some=False)


def test_jobs_that_were_deleted_are_not_waited_for(store: Store) -> None:
    store.put_workflow(WorkflowRecord("w", status="suspended", suspended_on=(signature(1),)))
    readiness = Readiness(store)
    readiness.look([])
    assert readiness.waiting["w"].ready


def test_workflows_of_one_script_are_one_run() -> None:
    one = WorkflowRecord("a", script="/s.py", arguments="[]", directory="/d")
    assert same_run(one, replace(one, name="b"))
    assert not same_run(one, replace(one, arguments='["x"]'))
    assert not same_run(WorkflowRecord("a"), WorkflowRecord("b"))
