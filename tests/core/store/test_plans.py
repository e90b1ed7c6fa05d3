"""Workflows, nodes, steps, machines and settings."""

import threading
from dataclasses import replace

import pytest

from sojourn.states import State
from sojourn.store.machines import NEEDS_LOGIN, OK, UNREACHABLE, MachineRecord
from sojourn.store.plans import Membership, NodeRecord, StepRecord, WorkflowRecord
from sojourn.store.store import Store
from tests.core.store.samples import job, signature

FLOW = WorkflowRecord(
    name="co2",
    version="7",
    script="/home/me/co2.py",
    arguments='["--fast"]',
    directory="/home/me",
    environment='["LANG"]',
    script_digest="ab",
    machine="hpc",
    status="suspended",
    suspended_on=(signature(1), signature(2)),
    created_at=1.0,
    last_run_at=2.0,
    paused=True,
    log="/tmp/log",
    detail="why",
)


def test_a_workflow_comes_back_as_it_was(store: Store) -> None:
    assert store.put_workflow(FLOW)
    assert not store.put_workflow(replace(FLOW, version="8"))
    assert store.workflow("co2") == FLOW
    assert store.workflow("other") is None
    assert store.update_workflow("co2", status="done", suspended_on=(), paused=False)
    assert not store.update_workflow("other", status="done")
    found = store.workflow("co2")
    assert found == replace(FLOW, status="done", suspended_on=(), paused=False)
    store.put_workflow(replace(FLOW, name="newer", last_run_at=3.0))
    assert [each.name for each in store.workflows()] == ["newer", "co2"]


@pytest.mark.parametrize("name", ["name", "owner", "colour"])
def test_what_a_workflow_does_not_take_is_refused(store: Store, name: str) -> None:
    store.put_workflow(FLOW)
    with pytest.raises(TypeError, match=name):
        store.update_workflow("co2", **{name: "x"})
    assert store.workflow("co2") == FLOW


def test_one_process_at_a_time_owns_a_workflow(store: Store) -> None:
    store.put_workflow(FLOW)
    won: list[int] = []

    def claim(number: int) -> None:
        if store.claim_workflow("co2", f"process {number}"):
            won.append(number)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = won
    found = store.workflow("co2")
    assert found is not None
    assert found.owner == f"process {winner}"
    assert found.owned_since is not None
    assert not store.release_workflow("co2", "another")
    assert store.claim_workflow("co2", "heir", instead_of=f"process {winner}")
    assert store.release_workflow("co2", "heir")
    assert store.workflow("co2") == FLOW


def test_a_deleted_workflow_keeps_shared_jobs(store: Store) -> None:
    store.put_workflow(FLOW)
    store.put_jobs([job(1, workflow="co2"), job(2, workflow="co2"), job(3), job(4, workflow="x")])
    store.join(
        [
            Membership("co2", "a/0", signature(1), "hpc"),
            Membership("co2", "a/1", signature(2), "hpc"),
            Membership("other", "b", signature(2), "hpc"),
            Membership("co2", "a/2", signature(3), "hpc"),
            Membership("co2", "a/3", signature(4), "hpc"),
        ]
    )
    store.put_nodes([NodeRecord("co2", "a", "job", "fit", signature(1))])
    store.put_steps([StepRecord(signature(8), workflow="co2")])
    own = store.delete_workflow("co2")
    assert own == ((signature(1), "hpc"), (signature(3), "hpc"))
    assert store.workflow("co2") is None
    assert store.nodes("co2") == {}
    assert store.members("co2") == ()
    assert store.step(signature(8)) is None
    assert store.select(workflow="co2") == ()
    assert len(store.select()) == 4
    assert [each.name for each in store.select(workflow="other")] == ["job 2"]


def test_memberships_are_known_from_both_sides(store: Store) -> None:
    places = [
        Membership("w", "loop/0/fit", signature(1), "hpc", "fit", 1.0),
        Membership("w", "loop/1/fit", signature(1), "hpc", "fit", 1.0),
        Membership("w", "plot", signature(2), "here", "plot", 1.0),
    ]
    store.join(places)
    store.join([replace(places[0], seen_at=2.0)])
    assert store.members("w") == (replace(places[0], seen_at=2.0), *places[1:])
    assert len(store.memberships(signature(1))) == 2
    assert store.memberships(signature(2), "hpc") == ()
    assert store.leave("w", signature(1))
    assert not store.leave("w", signature(1))
    assert store.members("w") == (places[2],)


def test_nodes_remember_what_they_were_last(store: Store) -> None:
    node = NodeRecord("w", "loop/0", "job", "fit", signature(1), '{"a": 1}', 1.0)
    store.put_nodes([node, replace(node, node="loop/1"), replace(node, workflow="v")])
    store.put_nodes([replace(node, signature=signature(2), seen_at=2.0)])
    assert store.nodes("w") == {
        "loop/0": replace(node, signature=signature(2), seen_at=2.0),
        "loop/1": replace(node, node="loop/1"),
    }


def test_a_remembered_step_comes_back_as_it_was(store: Store) -> None:
    step = StepRecord(signature(1), "split", "flow", "w", 1.0, 0.5, '{"a": 1}', "[1.5]", '{"c": 2}')
    store.put_steps([step, StepRecord(signature(2), workflow="v")])
    assert store.step(signature(1)) == step
    store.put_steps([replace(step, value="[2.5]")])
    assert store.step(signature(1)) == replace(step, value="[2.5]")
    assert [each.signature for each in store.steps()] == [signature(2), signature(1)]
    assert [each.signature for each in store.steps("w")] == [signature(1)]
    assert store.forget_steps([signature(1), signature(9)]) == 1
    assert store.step(signature(1)) is None


def test_a_machine_s_state_is_news_once(store: Store) -> None:
    assert store.machine("hpc") is None
    assert not store.set_machine_state("hpc", OK, at=1.0)
    assert store.set_machine_state("hpc", UNREACHABLE, at=2.0, detail="no route")
    assert not store.set_machine_state("hpc", UNREACHABLE, at=3.0, detail="timed out")
    found = store.machine("hpc")
    assert found is not None
    assert (found.state, found.state_since, found.contacted_at) == (UNREACHABLE, 2.0, 1.0)
    assert found.detail == "timed out"
    assert store.set_machine_state("hpc", NEEDS_LOGIN, at=4.0)
    assert store.set_machine_state("hpc", OK, at=5.0)
    found = store.machine("hpc")
    assert found == MachineRecord("hpc", state_since=5.0, contacted_at=5.0)


def test_meters_add_up_and_are_not_set(store: Store) -> None:
    store.update_machine("hpc", root_id="r", paused=True, poll_seconds=1.5)
    store.meter("hpc", trips=1, bytes_up=2**40)
    store.meter("hpc", trips=2, connections=1, scheduler_calls=3, bytes_down=5)
    store.meter("new", trips=1)
    hpc = MachineRecord(
        "hpc", root_id="r", paused=True, poll_seconds=1.5, connections=1, trips=3,
        scheduler_calls=3, bytes_up=2**40, bytes_down=5,
    )  # fmt: skip
    assert store.machines() == {"hpc": hpc, "new": MachineRecord("new", trips=1)}
    with pytest.raises(TypeError, match="trips"):
        store.update_machine("hpc", trips=0)


def test_settings(store: Store) -> None:
    assert store.setting("monitor.interval", "30") == "30"
    store.set_setting("monitor.interval", "60")
    assert store.setting("monitor.interval", "30") == "60"
    store.set_setting("monitor.interval", None)
    assert store.setting("monitor.interval") == ""


def test_states_survive_as_states(store: Store) -> None:
    store.put_jobs([job(n, state=state) for n, state in enumerate(State)])
    assert {each.state for each in store.select()} == set(State)
