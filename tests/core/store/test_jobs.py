"""Putting jobs in and finding them again."""

import json
from dataclasses import replace

import pytest

from sojourn.states import State
from sojourn.store.plans import Membership
from sojourn.store.records import JobRecord
from sojourn.store.store import Store
from tests.core.store.samples import job, signature

FULL = JobRecord(
    signature=signature(1),
    machine="hpc",
    name="a 'name'\nwith \"quotes\" and ünïcödé",
    backend="pbs",
    state=State.RUNNING,
    exit_code=None,
    reason="started",
    scheduler_id="123[4].server",
    attempt=3,
    token="ab" * 16,
    task_index=4,
    submitted_at=1_700_000_000.25,
    started_at=1_700_000_001.5,
    finished_at=None,
    job_dir="/scratch/me/jobs/ab/cd",
    workflow="co2",
    step="fit",
    workflow_version="7",
    user="me",
    created_at=1_699_999_999.0,
    updated_at=0.0,
    polled_at=1_700_000_002.0,
    absent_since=1_700_000_003.0,
    absent_watched=61.5,
    absent_polls=2,
    cancel_requested=True,
    paused=True,
    blocked_by=signature(9),
    root_id="root",
    parents=(signature(2), signature(3)),
    resources='{"memory": 1024}',
    usage='{"elapsed": 3.0}',
    consumed='{"mesh": "00"}',
    job='{"command": "x"}',
    components='{"command": "y"}',
)


def test_every_field_comes_back_as_it_was(store: Store) -> None:
    assert store.put_jobs([FULL]) == [True]
    found = store.get(FULL.signature, "hpc")
    assert found is not None
    assert found.updated_at > 1_700_000_000
    assert replace(found, updated_at=0.0) == FULL
    assert type(found.paused) is bool
    assert type(found.state) is State


def test_a_job_that_is_there_stays_as_it_is(store: Store) -> None:
    assert store.put_jobs([job(1, reason="first"), job(2)]) == [True, True]
    assert store.put_jobs([job(1, reason="second"), job(3)]) == [False, True]
    found = store.get(signature(1), "hpc")
    assert found is not None
    assert found.reason == "first"
    assert found.created_at > 0


def test_one_signature_may_be_on_two_machines(store: Store) -> None:
    store.put_jobs([job(1), job(1, machine="here"), job(2)])
    assert [found.machine for found in store.by_signature(signature(1))] == ["hpc", "here"]
    assert store.get(signature(1), "elsewhere") is None
    wanted = [(signature(1), "here"), (signature(2), "hpc"), (signature(3), "hpc")]
    assert list(store.get_many(wanted)) == wanted[:2]


def test_a_prefix_finds_what_begins_with_it_and_nothing_else(store: Store) -> None:
    store.put_jobs(job(number) for number in range(300))
    for number in (0, 17, 299):
        wanted = signature(number)
        assert [found.signature for found in store.find_prefix(wanted.upper())] == [wanted]
        found = [each.signature for each in store.find_prefix(wanted[:2], limit=1000)]
        assert found == sorted(s for s in map(signature, range(300)) if s.startswith(wanted[:2]))
    assert store.find_prefix("") == ()
    assert store.find_prefix("%") == ()
    assert store.find_prefix("xyz") == ()


def test_a_scheduler_id_is_that_of_one_machine(store: Store) -> None:
    store.put_jobs([job(1, scheduler_id="7"), job(2, scheduler_id="7", machine="b"), job(3)])
    assert [found.machine for found in store.by_scheduler_id("b", "7")] == ["b"]
    assert store.by_scheduler_id("hpc", "") == ()


def test_select_takes_what_answers_to_everything_given(store: Store) -> None:
    store.put_jobs(
        [
            job(1, workflow="a", step="x", created_at=1.0),
            job(2, workflow="a", step="y", created_at=2.0, state=State.RUNNING),
            job(3, workflow="b", step="x", created_at=3.0, machine="here"),
            job(4, created_at=4.0, state=State.FAILED),
        ]
    )

    def names(**given: object) -> list[str]:
        records = store.select(**given)  # type: ignore[arg-type]
        lines = store.listing(**given) if "newest_first" not in given else ()  # type: ignore[arg-type]
        assert not lines or [line.name for line in lines] == [each.name for each in records]
        return [each.name.removeprefix("job ") for each in records]

    assert names() == ["4", "3", "2", "1"]
    assert names(newest_first=False) == ["1", "2", "3", "4"]
    assert names(limit=2) == ["4", "3"]
    assert names(limit=0) == []
    assert names(workflow="a") == ["2", "1"]
    assert names(workflow="a", step="x") == ["1"]
    assert names(step="x") == ["3", "1"]
    assert names(machine="here") == ["3"]
    assert names(states=[State.RUNNING, State.FAILED]) == ["4", "2"]
    assert names(states=[]) == []
    assert names(workflow="a", states={State.RUNNING}, machine="hpc") == ["2"]


def test_a_job_of_two_workflows_is_in_both_and_counted_once(store: Store) -> None:
    store.put_jobs([job(1, workflow="a", step="x")])
    store.join(
        [
            Membership("b", "loop/0/fit", signature(1), "hpc", "fit"),
            Membership("b", "loop/1/fit", signature(1), "hpc", "fit"),
        ]
    )
    for given in ({"workflow": "a"}, {"workflow": "b"}, {"workflow": "b", "step": "fit"}, {}):
        assert len(store.select(**given)) == 1, given  # type: ignore[arg-type]
        assert store.counts(**given) == {State.NEW: 1}, given
    assert store.select(workflow="b", step="x") == ()


def test_counts_by_state_and_by_machine(store: Store) -> None:
    store.put_jobs([job(n, state=State.QUEUED, machine="ab"[n % 2]) for n in range(5)])
    store.put_jobs([job(9, state=State.COMPLETED)])
    assert store.counts() == {State.QUEUED: 5, State.COMPLETED: 1}
    assert store.counts(machine="a") == {State.QUEUED: 3}
    assert store.machines_with([State.QUEUED]) == {"a": 3, "b": 2}


def test_fields_are_set_without_a_change_of_state(store: Store) -> None:
    store.put_jobs([job(1), job(2)])
    assert store.update_fields(signature(1), "hpc", reason="why", paused=True, parents=("a", "b"))
    found = store.get(signature(1), "hpc")
    assert found is not None
    assert (found.reason, found.paused, found.parents) == ("why", True, ("a", "b"))
    assert not store.update_fields(signature(3), "hpc", reason="why")
    assert not store.update_fields(signature(1), "hpc", expected_attempt=2, reason="late")
    assert store.update_fields(signature(1), "hpc", expected_attempt=1, reason="in time")
    updates = [(signature(n), "hpc", None, {"polled_at": 5.0}) for n in range(4)]
    assert store.update_many(updates) == 2
    assert store.events(signature(1), "hpc") == ()


@pytest.mark.parametrize("name", ["state", "attempt", "signature", "colour", "name = 1 --"])
def test_what_is_not_set_this_way_is_refused(store: Store, name: str) -> None:
    store.put_jobs([job(1)])
    before = store.get(signature(1), "hpc")
    with pytest.raises(TypeError, match=name):
        store.update_fields(signature(1), "hpc", **{name: "x"})  # type: ignore[arg-type]
    assert store.get(signature(1), "hpc") == before


def test_a_deleted_job_leaves_nothing_behind(store: Store) -> None:
    store.put_jobs([job(1), job(1, machine="here")])
    key = (signature(1), "hpc")
    store.change(*key, expected=State.NEW, expected_attempt=1, new_state=State.FAILED)
    store.new_attempt(*key, expected=State.FAILED, expected_attempt=1)
    store.join([Membership("w", "n", *key)])
    assert store.delete_job(*key)
    assert not store.delete_job(*key)
    assert store.get(*key) is None
    assert store.events(*key) == ()
    assert store.attempts(*key) == ()
    assert store.memberships(*key) == ()
    assert store.get(signature(1), "here") is not None


def test_json_has_the_published_fields_and_times_in_utc(store: Store) -> None:
    published = [
        "signature",
        "name",
        "machine",
        "backend",
        "state",
        "exit_code",
        "reason",
        "scheduler_id",
        "attempt",
        "submitted_at",
        "started_at",
        "finished_at",
        "job_dir",
        "workflow",
        "step",
    ]
    store.put_jobs([FULL])
    (record,) = store.select()
    (line,) = store.listing()
    for shown in (record.to_json(), line.to_json()):
        assert json.loads(json.dumps(shown)) == shown
        assert set(published) <= shown.keys()
        assert shown["state"] == "RUNNING"
        assert type(shown["state"]) is str
        assert shown["submitted_at"] == "2023-11-14T22:13:20.250Z"
        assert shown["finished_at"] is None
    assert record.to_json()["resources"] == {"memory": 1024}
    assert record.to_json()["parents"] == [signature(2), signature(3)]
    assert line.to_json().items() <= record.to_json().items()
