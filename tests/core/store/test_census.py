"""Counts of what is out, and which signatures are still waited for."""

from dataclasses import replace

import pytest

from sojourn.states import ACTIVE, FINAL, State
from sojourn.store.census import Load
from sojourn.store.store import Store
from tests.core.store.samples import job, signature


def test_machines_without_active_jobs_are_left_out(store: Store) -> None:
    store.put_jobs([job(n, state=state) for n, state in enumerate(FINAL)])
    assert store.census() == {}


def test_what_is_out_and_what_waits_by_machine(store: Store) -> None:
    store.put_jobs(
        [
            job(1, state=State.QUEUED, submitted_at=100.0),
            job(2, state=State.RUNNING, submitted_at=50.0, started_at=300.0),
            job(3, state=State.SUBMITTING, created_at=200.0),
            job(4, state=State.NEW, created_at=900.0),
            job(5, state=State.COMPLETED, submitted_at=950.0),
            job(6, state=State.QUEUED, submitted_at=990.0, paused=True),
            job(7, machine="other", state=State.NEW),
        ]
    )
    assert store.census() == {"hpc": Load(3, 1, 300.0), "other": Load(0, 1)}


@pytest.mark.parametrize("state", State)
def test_unfinished_is_what_is_active_and_nowhere_completed(store: Store, state: State) -> None:
    here = job(1, state=state)
    store.put_jobs([here, replace(here, machine="other", state=State.FAILED)])
    expected = {here.signature} if state in ACTIVE else set()
    assert store.unfinished([here.signature, signature(2)]) == expected
    store.put_jobs([replace(here, machine="third", state=State.COMPLETED)])
    assert store.unfinished([here.signature]) == set()


def test_thousands_of_signatures_can_be_asked_about(store: Store) -> None:
    store.put_jobs([job(n, state=State.QUEUED if n % 2 else State.FAILED) for n in range(2500)])
    asked = [signature(n) for n in range(3000)]
    assert store.unfinished(asked) == {signature(n) for n in range(2500) if n % 2}
