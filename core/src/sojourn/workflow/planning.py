"""What a run would do, before it does it: what is new, what is known, what has changed and why."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sojourn.defaults import CONFIRM_OVER
from sojourn.errors import NeedsConfirmation
from sojourn.identity.compare import Difference, changed_words
from sojourn.session.orders import check_resources, effective_resources
from sojourn.session.outcomes import with_upstream
from sojourn.session.renewal import Follow, decide, lines
from sojourn.store.plans import NodeRecord
from sojourn.workflow.demand import Standing, Want, Wanted
from sojourn.workflow.jobs import Jobs, by_machine
from sojourn.workflow.kinds import JobNode, MapNode, StepNode, bases
from sojourn.workflow.nodes import Node
from sojourn.workflow.report import NodeState, Plan, PlannedChange, grouped
from sojourn.workflow.taking import nodes_in

if TYPE_CHECKING:
    from sojourn.workflow.context import Context

_UNFINISHED = (Standing.ABSENT, Standing.ACTIVE, Standing.BROKEN)

_NAMED = 3
"""So many groups of changed nodes are named in an error."""


class Planner:
    """Compares the nodes with what they were, and asks before much is done anew."""

    def __init__(self, context: "Context", jobs: Jobs) -> None:
        self._context = context
        self._jobs = jobs
        self._baseline = context.top.baseline
        self._before = self._baseline.records(context.store, context.workflow)
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
        looked_at = [n for n in jobs if wanted.get(n, Want.SIGNATURE) is not Want.SIGNATURE]
        requests, again = self._requests(looked_at)
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
            unknown=tuple(node.path for node in _unknown(nodes)),
            bounds=self._bounds(nodes),
        )

    def _requests(self, jobs: Sequence[JobNode]) -> tuple[list[str], int]:
        """Lines about jobs that are asked for otherwise than before, and how many of them would be
        submitted again."""
        context, followed = self._context, []
        for machine, group in by_machine(jobs):
            unfinished = [node for node in group if self._jobs.standing(node) in _UNFINISHED]
            given = [node.signed for node in unfinished if node.signed is not None]
            changes = context.session.request_changes(with_upstream(given), machine)
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
        changed = {node.path for node in absent if self._change(node)}
        if self._baseline.to_agree(changed) <= CONFIRM_OVER or not changed:
            return
        if self._context.settings.accept_changes:
            return
        plan = self.plan(nodes, wanted)
        confirm = self._context.settings.confirm
        if confirm is None or not confirm(plan):
            jobs = [change for change in plan.changes if change.kind == "job"]
            named = "; ".join(grouped(jobs)[:_NAMED])
            raise NeedsConfirmation(
                f"workflow {self._context.workflow}: {plan.jobs_changed} jobs that are known would "
                f"be submitted anew, since they have changed ({named})",
                hint="--dry-run shows all of them, --accept-changes submits them",
            )
        self._baseline.agree()

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
                words = list(dict.fromkeys(self._cause(node, word) for word in words))
                kind = "job" if isinstance(node, JobNode) else "step"
                found.append(
                    PlannedChange(
                        node.path,
                        kind,  # type: ignore[arg-type]
                        before.signature,
                        node.status.signature,
                        tuple(words),
                        node.name,
                    )
                )
        return tuple(found)

    def _cause(self, node: Node, word: str) -> str:
        """A changed component, and where it is an input that another node makes which has changed
        itself, that node."""
        given: Mapping[str, object] = {}
        if isinstance(node, JobNode) and word.startswith("inputs"):
            given = {name: one.source for name, one in node.job.inputs.items()}
        elif isinstance(node, StepNode) and word.startswith("arguments"):
            given = dict(node.bound.arguments)
        what = word[: 6 if isinstance(node, JobNode) else 9]
        for name, value in given.items():
            if Difference((what, name), None, None).component == word:
                changed = [one for one in bases(nodes_in(value)) if self._has_changed(one)]
                if changed:
                    made = (one if one.group is None else one.group for one in changed)
                    paths = dict.fromkeys(one.path for one in made)
                    return f"upstream {', '.join(f'`{path}`' for path in paths)}"
        return word

    def _has_changed(self, node: Node) -> bool:
        if isinstance(node, MapNode):
            return any(map(self._has_changed, node.children or ()))
        return self._change(node) is not None

    def _bounds(self, nodes: Sequence[Node]) -> tuple[str, ...]:
        """What can be said of jobs that are made only after something has run: how many are known
        of them, which is the most that can have changed."""
        made = {node.path for node in nodes}
        jobs = [one for one in self._before.values() if one.kind == "job" and one.node not in made]
        said = []
        for node in _unknown(nodes):
            known = sum(one.node.startswith(f"{node.path}[") for one in jobs)
            after = ", ".join(f"`{one.path}`" for one in node.over_nodes if not one.ready)
            what = f"at most {known} of those known change, " if known else ""
            said.append(f"{node.path}: {what}unknown until {after or 'what it is over'} has run")
        return tuple(said)


def _unknown(nodes: Sequence[Node]) -> Iterator[MapNode]:
    """The maps whose lengths are not known yet."""
    return (node for node in nodes if isinstance(node, MapNode) and node.children is None)
