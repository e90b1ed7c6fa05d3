"""Which jobs are those of a workflow's last run."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from sojourn.store.plans import Membership
from sojourn.store.schema import MIGRATIONS, migrate
from sojourn.store.store import Store
from tests.core.store.samples import job, signature


def _place(node: str, number: int, seen_at: float, workflow: str = "w") -> Membership:
    return Membership(workflow, node, signature(number), "hpc", "fit", seen_at)


def _current(store: Store, workflow: str = "w") -> list[str]:
    found = store.select(workflow=workflow, current=True, newest_first=False)
    return [one.signature for one in found]


def _every(store: Store, workflow: str = "w") -> list[str]:
    return [one.signature for one in store.select(workflow=workflow, newest_first=False)]


def test_at_each_node_the_job_that_was_seen_last_is_current(store: Store) -> None:
    store.put_jobs(job(number) for number in (1, 2, 3))
    store.join([_place("fit[0]", 1, 1.0), _place("fit[1]", 2, 1.0)])
    store.join([_place("fit[0]", 3, 2.0)])
    assert _current(store) == [signature(2), signature(3)]
    assert _every(store) == [signature(1), signature(2), signature(3)]
    assert store.superseded() == {(signature(1), "hpc")}


def test_what_is_told_late_supersedes_nothing(store: Store) -> None:
    store.put_jobs(job(number) for number in (1, 2))
    store.join([_place("fit", 2, 2.0)])
    store.join([_place("fit", 1, 1.0)])
    assert _current(store) == [signature(2)]


def test_a_job_that_comes_back_is_current_again(store: Store) -> None:
    store.put_jobs(job(number) for number in (1, 2))
    for at, number in enumerate((1, 2, 1)):
        store.join([_place("fit", number, float(at))])
    assert _current(store) == [signature(1)]
    assert store.superseded() == {(signature(2), "hpc")}


def test_nodes_that_the_last_run_did_not_have_are_superseded(store: Store) -> None:
    store.put_jobs(job(number) for number in (1, 2))
    store.join([_place("fit[0]", 1, 1.0), _place("fit[1]", 2, 1.0)])
    store.supersede("w", ["fit[1]"])
    assert _current(store) == [signature(1)]


def test_a_job_that_another_workflow_still_has_is_not_superseded(store: Store) -> None:
    store.put_jobs(job(number) for number in (1, 2))
    store.join([_place("fit", 1, 1.0), _place("fit", 1, 1.0, "other")])
    store.join([_place("fit", 2, 2.0)])
    assert _current(store) == [signature(2)]
    assert _current(store, "other") == [signature(1)]
    assert store.superseded() == frozenset()


def test_all_jobs_of_a_workflow_that_was_never_run_here_are_current(store: Store) -> None:
    jobs = [replace(job(number), workflow="w", step="fit") for number in (1, 2)]
    store.put_jobs(jobs)
    assert _current(store) == [signature(1), signature(2)]
    assert store.superseded() == frozenset()
    store.join([_place("fit", 1, 1.0)])  # it is run here: the other one is not in that run
    assert _current(store) == [signature(1)]
    assert store.superseded() == {(signature(2), "hpc")}


def test_jobs_without_a_workflow_are_never_superseded(store: Store) -> None:
    store.put_jobs([job(1), replace(job(2), workflow="w")])
    store.join([_place("fit", 3, 1.0, "other")])
    assert store.superseded() == frozenset()


def test_an_older_store_takes_what_its_nodes_are_as_the_last_run(tmp_path: Path) -> None:
    at = next(n for n, script in enumerate(MIGRATIONS) if "ADD COLUMN current" in script)
    path = tmp_path / "store.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, MIGRATIONS[:at])
    for number in (1, 2):
        row = ("w", "fit", signature(number), "hpc", "fit", float(number))
        connection.execute("INSERT INTO memberships VALUES (?, ?, ?, ?, ?, ?)", row)
    node = ("w", "fit", "job", "fit", signature(1), "{}", 3.0)
    connection.execute("INSERT INTO nodes VALUES (?, ?, ?, ?, ?, ?, ?)", node)
    connection.close()
    path.chmod(0o600)
    with Store(path) as store:
        found = {one.signature: one.current for one in store.members("w")}
    assert found == {signature(1): True, signature(2): False}
