"""Where the jobs of a workflow stand by what is known here, and which are to be handed in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.workflow.demand import Standing, Want, Wanted, edge
from sojourn.workflow.kinds import JobNode
from sojourn.workflow.nodes import Node

if TYPE_CHECKING:
    from sojourn.workflow.context import Context


class Standings:
    """Looks into the store; asks nobody. What it finds is remembered until `_forget`."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._session = context.session
        self._standings: dict[JobNode, Standing] = {}
        self.seen: set[str] = set()
        """What a dry run has seen on machines and not recorded."""

    def standing(self, node: JobNode) -> Standing:
        """Where a job stands by what is known here."""
        if node not in self._standings:
            self._standings[node] = self._stands(node)
        return self._standings[node]

    def is_known(self, node: JobNode) -> bool:
        """Whether nothing needs to be handed in for it."""
        return self.standing(node) is not Standing.ABSENT

    def absent(self, nodes: Sequence[Node], wanted: Wanted) -> list[JobNode]:
        """All jobs to be handed in, sooner or later."""
        return [
            node
            for node in nodes
            if isinstance(node, JobNode)
            and node.known
            and not node.status.settled
            and wanted.get(node, Want.SIGNATURE) is not Want.SIGNATURE
            and self.standing(node) is Standing.ABSENT
        ]

    def ready(self, nodes: Sequence[Node], wanted: Wanted) -> list[JobNode]:
        """The jobs to be handed in for which everything is there, parents first."""
        found: dict[JobNode, None] = {}
        for node in self.absent(nodes, wanted):
            if all(self._has(node, parent, found) for parent in node.parents):
                found[node] = None
        return list(found)

    def _has(self, node: JobNode, parent: Node, before: dict[JobNode, None]) -> bool:
        if not isinstance(parent, JobNode) or edge(parent, node, self.standing) is Want.VALUE:
            return parent.ready
        return parent in before or self.standing(parent) is not Standing.ABSENT

    def _stands(self, node: JobNode) -> Standing:
        found = self._session.settled_by(node.status.signature, node.machine)
        if found is None:
            there = node.status.signature in self.seen
            return Standing.ACTIVE if there else Standing.ABSENT
        if not isinstance(found, JobRecord):
            return Standing.ELSEWHERE
        if found.state in FINAL and found.state is not State.COMPLETED:
            return Standing.BROKEN
        if found.machine != node.machine:
            return Standing.ELSEWHERE
        return Standing.THERE if found.state is State.COMPLETED else Standing.ACTIVE

    def _record(self, node: JobNode) -> JobRecord | None:
        found = self._session.settled_by(node.status.signature, node.machine)
        return found if isinstance(found, JobRecord) else None

    def _forget(self) -> None:
        """Something has changed."""
        self._standings.clear()
