"""The tree: which lines there are, and what they count."""

from dataclasses import replace

import pytest

from sojourn.session.session import Session
from sojourn.states import State
from sojourn.store.plans import Membership, WorkflowRecord
from sojourn.store.store import Store
from sojourn.top.model import Kind, Node, View, forest
from sojourn.top.snapshot import take
from tests.core.top import world


@pytest.fixture
def store(session: Session) -> Store:
    world.fill(session.store)
    return session.store


def outline(nodes: tuple[Node, ...] | list[Node], depth: int = 0) -> list[str]:
    """The tree as indented labels, sorted beside each other."""
    found = []
    for node in sorted(nodes, key=lambda one: one.label):
        found.append("  " * depth + node.label)
        found += outline(node.children, depth + 1)
    return found


def named(nodes: tuple[Node, ...], key: str) -> Node:
    return next(node for root in nodes for node in root.walk() if node.key == key)


class TestByWorkflow:
    def test_workflow_then_group_or_loop_then_job(self, store: Store) -> None:
        tree = forest(take(store))
        assert outline(tree) == [
            "cluster", "  render [bold]",
            "co2", "  fit", "    [0]", "    [10]", "    [1]", "    [2]", "    [3]", "  mesh",
            "here", "  backup",
            "world", "  mesh", "  site#2", "    sample", "      [0]",
        ]  # fmt: skip
        assert [root.label for root in tree] == ["co2", "world", "cluster", "here"]
        assert [root.kind for root in tree] == [Kind.WORKFLOW] * 2 + [Kind.MACHINE] * 2

    def test_n_of_m(self, store: Store) -> None:
        tree = forest(take(store))
        assert named(tree, "w:co2").progress == "3 of 6"
        assert named(tree, "w:co2/fit").summary == (
            "1 OUT_OF_MEMORY, 1 RUNNING, 2 QUEUED, 1 COMPLETED"
        )

    def test_a_shared_job_is_in_both_workflows_and_counted_once_in_all(self, store: Store) -> None:
        snapshot = take(store)
        tree = forest(snapshot)
        mesh = world.signature("mesh"), "cluster"
        assert mesh in named(tree, "w:co2").jobs
        assert mesh in named(tree, "w:world").jobs
        assert len(snapshot.jobs) == 9
        assert len({key for root in tree for key in root.jobs}) == 9

    def test_a_job_that_takes_part_twice_is_counted_once(self, store: Store) -> None:
        again = Membership("co2", "other", world.signature("mesh"), "cluster", "mesh", world.NOW)
        store.join([again])
        assert named(forest(take(store)), "w:co2").progress == "3 of 6"

    def test_a_job_of_an_earlier_version_says_so(self, store: Store) -> None:
        old = world.job("fit 0 before", State.COMPLETED, workflow="co2", step="fit")
        store.put_jobs([old])
        store.join([Membership("co2", "fit[0]", old.signature, "hpc", "fit", world.NOW - 9000)])
        fit = named(forest(take(store)), "w:co2/fit")
        notes = {node.jobs.popitem()[1].name: node.note for node in fit.children}
        assert notes["fit 0 before"] == "superseded"
        assert notes["fit 0"] == ""

    def test_jobs_whose_workflow_is_not_recorded_are_grouped_by_step(self, store: Store) -> None:
        store.put_jobs([world.job("taken/in", State.QUEUED, workflow="elsewhere", step="fit")])
        tree = forest(take(store))
        assert outline([named(tree, "w:elsewhere")]) == ["elsewhere", "  fit", "    taken∕in"]

    def test_what_is_paused(self, store: Store) -> None:
        store.update_workflow("world", paused=True)
        store.update_machine("here", paused=True)
        tree = forest(take(store))
        assert named(tree, "w:world").paused
        sample = next(n for n in named(tree, "w:world").walk() if n.label == "[0]")
        assert sample.paused
        assert not named(tree, "w:co2").paused
        assert named(tree, "m:here").paused

    def test_a_workflow_that_waits_for_nothing_more_is_ready(self, store: Store) -> None:
        assert take(store).ready == frozenset()
        store.put_workflow(
            WorkflowRecord("over", status="suspended", suspended_on=(world.signature("fit 2"),))
        )
        snapshot = take(store)
        assert snapshot.ready == {"over"}
        assert "ready" in named(forest(snapshot), "w:over").note


class TestByMachine:
    def test_every_job_is_there_once(self, store: Store) -> None:
        tree = forest(take(store), View.MACHINES)
        assert [(root.label, len(root.children)) for root in tree] == [
            ("cluster", 3), ("here", 1), ("hpc", 5),
        ]  # fmt: skip
        assert named(tree, "m:cluster").note == "unreachable: no route to host"

    def test_keys_are_the_same_in_every_snapshot(self, store: Store) -> None:
        for view in View:
            before = {n.key for root in forest(take(store), view) for n in root.walk()}
            record = store.by_signature(world.signature("fit 1"))[0]
            store.update_fields(record.signature, record.machine, reason="moved")
            after = {n.key for root in forest(take(store), view) for n in root.walk()}
            assert before == after


def test_an_empty_store_is_an_empty_tree(session: Session) -> None:
    assert forest(take(session.store)) == ()
    assert forest(replace(take(session.store)), View.MACHINES) == ()
