"""Workflows in the store: how to run them again, their nodes, and which jobs are theirs."""

import time
from collections.abc import Iterable
from typing import Any

from sojourn.store.connection import Database
from sojourn.store.plans import Membership, NodeRecord, WorkflowRecord
from sojourn.store.rows import Table, plain

_WORKFLOWS = Table("workflows", WorkflowRecord)
_NODES = Table("nodes", NodeRecord)
_MEMBERS = Table("memberships", Membership)

_ONLY_ITS_OWN = """
    SELECT signature, machine FROM jobs
    WHERE workflow IN ('', :name)
    AND (workflow = :name OR EXISTS (
        SELECT 1 FROM memberships AS its WHERE its.signature = jobs.signature
        AND its.machine = jobs.machine AND its.workflow = :name))
    AND NOT EXISTS (
        SELECT 1 FROM memberships AS other WHERE other.signature = jobs.signature
        AND other.machine = jobs.machine AND other.workflow <> :name)
    ORDER BY created_at, rowid
"""

_REPLACED = """
    UPDATE memberships SET current = 0
    WHERE workflow = ? AND current AND EXISTS (
        SELECT 1 FROM memberships AS newer
        WHERE newer.workflow = memberships.workflow AND newer.node = memberships.node
        AND newer.seen_at > memberships.seen_at)
"""


class Workflows:
    """The part of the store about workflows."""

    _db: Database

    def put_workflow(self, record: WorkflowRecord) -> bool:
        """Add a workflow; False if one of that name is there, which stays as it is."""
        row = _WORKFLOWS.write(record)
        row[_CREATED] = row[_CREATED] or time.time()
        with self._db.transaction() as connection:
            return connection.execute(_WORKFLOWS.insert, row).rowcount == 1

    def workflow(self, name: str) -> WorkflowRecord | None:
        """The workflow of that name, or None."""
        row = self._db.first(f"{_WORKFLOWS.select} WHERE name = ?", (name,))
        return None if row is None else _WORKFLOWS.read(row)

    def workflows(self) -> tuple[WorkflowRecord, ...]:
        """All workflows, the one that ran last first."""
        rows = self._db.query(
            f"{_WORKFLOWS.select} ORDER BY ifnull(last_run_at, created_at) DESC, name"
        )
        return tuple(map(_WORKFLOWS.read, rows))

    def update_workflow(self, name: str, **values: Any) -> bool:
        """Set fields of a workflow; False if there is none of that name.

        Raises:
            TypeError: a field that does not exist or is not set this way.
        """
        if {"name", "owner", "owned_since"} & values.keys():
            raise TypeError("not set this way: name, owner, owned_since")
        with self._db.transaction() as connection:
            done = connection.execute(
                f"UPDATE workflows SET {_WORKFLOWS.assignments(values)} WHERE name = ?",
                (*map(plain, values.values()), name),
            )
            return done.rowcount == 1

    def claim_workflow(self, name: str, owner: str, *, instead_of: str = "") -> bool:
        """Become the one process that runs a workflow; False if another is.

        `instead_of` is an owner that the caller has found dead: it is taken over from.
        """
        return self._pass_on(name, instead_of, owner)

    def release_workflow(self, name: str, owner: str) -> bool:
        """Stop being the process that runs a workflow; False if the caller was not."""
        return self._pass_on(name, owner, "")

    def _pass_on(self, name: str, old: str, new: str) -> bool:
        with self._db.transaction() as connection:
            done = connection.execute(
                "UPDATE workflows SET owner = ?, owned_since = ? WHERE name = ? AND owner = ?",
                (new, time.time() if new else None, name, old),
            )
            return done.rowcount == 1

    def delete_workflow(self, name: str) -> tuple[tuple[str, str], ...]:
        """Forget a workflow with its nodes, memberships and steps, but none of its jobs.

        Returns (signature, machine) of the jobs that no other workflow has.
        """
        with self._db.transaction() as connection:
            rows = connection.execute(_ONLY_ITS_OWN, {"name": name}).fetchall()
            for table in ("memberships", "nodes", "steps"):
                connection.execute(f"DELETE FROM {table} WHERE workflow = ?", (name,))
            connection.execute("DELETE FROM workflows WHERE name = ?", (name,))
            connection.execute("UPDATE jobs SET workflow = '' WHERE workflow = ?", (name,))
        return tuple((signature, machine) for signature, machine in rows)

    # --- nodes --------------------------------------------------------------------------------

    def put_nodes(self, nodes: Iterable[NodeRecord]) -> None:
        """Remember what nodes are now, in the place of what they were."""
        with self._db.transaction() as connection:
            connection.executemany(_NODES.replace, map(_NODES.write, nodes))

    def nodes(self, workflow: str) -> dict[str, NodeRecord]:
        """What the nodes of a workflow were when last seen, by their paths."""
        rows = self._db.query(f"{_NODES.select} WHERE workflow = ? ORDER BY node", (workflow,))
        return {record.node: record for record in map(_NODES.read, rows)}

    # --- memberships --------------------------------------------------------------------------

    def join(self, memberships: Iterable[Membership]) -> None:
        """Record that jobs belong to workflows; what is known already gets the new `seen_at`.

        Of the jobs at one node, those that were seen last are current.
        """
        rows = list(map(_MEMBERS.write, memberships))
        with self._db.transaction() as connection:
            connection.executemany(_MEMBERS.replace, rows)
            connection.executemany(_REPLACED, {(row[_WORKFLOW],) for row in rows})

    def members(self, workflow: str) -> tuple[Membership, ...]:
        """Every place that a job has in a workflow, by node."""
        rows = self._db.query(f"{_MEMBERS.select} WHERE workflow = ? ORDER BY node", (workflow,))
        return tuple(map(_MEMBERS.read, rows))

    def memberships(self, signature: str, machine: str | None = None) -> tuple[Membership, ...]:
        """Every place that a job has in any workflow."""
        rows = self._db.query(
            f"{_MEMBERS.select} WHERE signature = ? AND machine = ifnull(?, machine)"
            " ORDER BY workflow, node",
            (signature, machine),
        )
        return tuple(map(_MEMBERS.read, rows))

    def leave(self, workflow: str, signature: str) -> bool:
        """Take a job out of a workflow; False if it was not in it."""
        with self._db.transaction() as connection:
            gone = connection.execute(
                "DELETE FROM memberships WHERE workflow = ? AND signature = ?",
                (workflow, signature),
            )
            return gone.rowcount > 0


_CREATED = _WORKFLOWS.columns.index("created_at")
_WORKFLOW = _MEMBERS.columns.index("workflow")
