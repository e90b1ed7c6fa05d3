"""Which jobs the last run of a workflow has, and which it has replaced or left out.

A workflow's current jobs are those of its last run: at each node the job that was last recorded
there, without the nodes that the last run did not have any more. A workflow that was never run
here, such as one that is only known from a ticket, has no last run: all its jobs are current.
"""

from collections.abc import Iterable

from sojourn.store.connection import Database

_SUPERSEDED = """
    SELECT signature, machine FROM jobs
    WHERE NOT EXISTS (
        SELECT 1 FROM memberships AS its WHERE its.signature = jobs.signature
        AND its.machine = jobs.machine AND its.current)
    AND (EXISTS (
            SELECT 1 FROM memberships AS its WHERE its.signature = jobs.signature
            AND its.machine = jobs.machine)
        OR jobs.workflow IN (SELECT workflow FROM memberships))
"""


class Generations:
    """The part of the store that tells current jobs from superseded ones."""

    _db: Database

    def superseded(self) -> frozenset[tuple[str, str]]:
        """(signature, machine) of the jobs that no workflow has in its last run any more.

        Jobs that never belonged to a workflow are not among them.
        """
        return frozenset((signature, machine) for signature, machine in self._db.query(_SUPERSEDED))

    def supersede(self, workflow: str, nodes: Iterable[str]) -> None:
        """Record that the last run of a workflow does not have these nodes any more."""
        with self._db.transaction() as connection:
            connection.executemany(
                "UPDATE memberships SET current = 0 WHERE workflow = ? AND node = ?",
                [(workflow, node) for node in nodes],
            )
