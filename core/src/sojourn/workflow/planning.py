"""What a run would do, before it does it: what is new, what is known, what has changed and why."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sojourn.defaults import CONFIRM_OVER
from sojourn.errors import NeedsConfirmation
from sojourn.identity.compare import changed_words
from sojourn.session.orders import check_resources, effective_resources
from sojourn.session.renewal import Follow, decide, lines
from sojourn.store.plans import NodeRecord
from sojourn.workflow.demand import Standing, Want, Wanted
from sojourn.workflow.jobs import Jobs, by_machine
from sojourn.workflow.kinds import JobNode, MapNode, StepNode
from sojourn.workflow.nodes import Node
from sojourn.workflow.report import NodeState, Plan, PlannedChange

if TYPE_CHECKING:
    from sojourn.workflow.context import Context

_NAMED = 3
"""So many changed jobs are named in a question."""


class Planner:
    """Compares the nodes with what they were, and asks before much is done anew."""

    def __init__(self, context: "Context", jobs: Jobs) -> None:
        self._context = context
        self._jobs = jobs
        self._before = context.store.nodes(context.workflow)
        self._agreed = context.settings.accept_changes
        self._checked: set[JobNode] = set()

    def plan(self, nodes: Sequence[Node], wanted: Wanted) -> Plan:
        """What would be done; gives each node that would be done its state."""
        absent = self._jobs.absent(nodes, wanted)
        steps = [
            node
            for node in nodes
            if isinstance(node, StepNode)
            and not node.status.settled
            and wanted.get(node, Want.SIGNATURE) is not Want.SIGNATURE
        ]
        for node in (*absent, *steps):
            node.status.state = NodeState.CHANGED if self._change(node) else NodeState.NEW
        changed = [node for node in absent if node.status.state is NodeState.CHANGED]
        jobs = [node for node in nodes if isinstance(node, JobNode) and node.known]
        reused = [node for node in jobs if self._jobs.standing(node) is not Standing.ABSENT]
        requests, again = self._requests(jobs)
        recalled = [n for n in nodes if isinstance(n, StepNode) and n.ready]
        return Plan(
            jobs_new=len(absent) - len(changed),
            jobs_changed=len(changed),
            jobs_reused=len(reused) - again,
            requests=tuple(requests),
            jobs_again=again,
            steps_to_run=len(steps),
            steps_reused=len(recalled),
            changes=self._changes((*steps, *absent)),
            unknown=tuple(n.path for n in nodes if isinstance(n, MapNode) and n.children is None),
        )

    def _requests(self, jobs: Sequence[JobNode]) -> tuple[list[str], int]:
        """Lines about jobs that are asked for otherwise than before, and how many of them would be
        submitted again."""
        context, followed = self._context, []
        for machine, group in by_machine(jobs):
            given = [node.signed for node in group if node.signed is not None]
            changes = context.session.request_changes(given, machine)
            followed += [(change, decide(change, context.policy)) for change in changes]
        again = sum(follow in (Follow.RETRY, Follow.REPLACE) for _, follow in followed)
        return lines(followed), again

    def agree(self, nodes: Sequence[Node], wanted: Wanted) -> None:
        """See that machines can give what jobs ask for, and that many changed ones are meant.

        Called before anything is run or submitted.

        Raises:
            UnsupportedResource: a machine cannot honour what a job asks for.
            NeedsConfirmation: nobody said yes.
        """
        absent = self._jobs.absent(nodes, wanted)
        self._check_resources([node for node in absent if node not in self._checked])
        self._checked.update(absent)
        if self._agreed or sum(1 for node in absent if self._change(node)) <= CONFIRM_OVER:
            return
        plan = self.plan(nodes, wanted)
        confirm = self._context.settings.confirm
        if confirm is None or not confirm(plan):
            named = "; ".join(str(one) for one in plan.changes[:_NAMED])
            raise NeedsConfirmation(
                f"workflow {self._context.workflow}: {plan.jobs_changed} jobs that are known would "
                f"be submitted anew, since they have changed ({named}; ...)",
                hint="--dry-run shows all of them, --accept-changes submits them",
            )
        self._agreed = True

    def _check_resources(self, nodes: Sequence[JobNode]) -> None:
        for machine, group in by_machine(nodes):
            link = self._context.session.link(machine)
            for node in group:
                if node.signed is not None:
                    words = effective_resources(node.signed, link.machine)
                    check_resources(words, link.info, machine)

    def _change(self, node: Node) -> NodeRecord | None:
        """What the node was, if it was something else."""
        before = self._before.get(node.path)
        if before is None or not node.known or before.signature == node.status.signature:
            return None
        return before

    def _changes(self, nodes: Sequence[Node]) -> tuple[PlannedChange, ...]:
        found = []
        for node in nodes:
            before = self._change(node)
            if before is not None:
                words = changed_words(json.loads(before.components), node.status.components)
                kind = "job" if isinstance(node, JobNode) else "step"
                found.append(
                    PlannedChange(
                        node.path,
                        kind,  # type: ignore[arg-type]
                        before.signature,
                        node.status.signature,
                        tuple(words),
                    )
                )
        return tuple(found)
