"""Steps that were called on another computer and are called here again: nothing here remembers
their values, and calling them may be slow or have effects."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sojourn.workflow.demand import Want, Wanted
from sojourn.workflow.kinds import JobNode, StepNode
from sojourn.workflow.nodes import Node

if TYPE_CHECKING:
    from sojourn.store.records import JobRecord
    from sojourn.workflow.context import Context


def is_first_here(context: "Context") -> bool:
    """Whether nothing of the workflow was recorded on this computer when its run began."""
    if context.first_here is None:
        context.first_here = not context.store.nodes(context.workflow)
    return context.first_here


def may_be_called(node: Node, wanted: Wanted) -> bool:
    """Whether it is a step whose function is called in this run, sooner or later."""
    is_open = isinstance(node, StepNode) and node.known and not node.status.settled
    return is_open and wanted.get(node) is Want.VALUE


def was_run_elsewhere(
    context: "Context", nodes: Sequence[Node], *, seen: Iterable[str] = ()
) -> bool:
    """Whether this computer runs the workflow for the first time and finds jobs of it that were
    submitted before; `seen` are signatures that a machine has and nothing here knows of."""
    if not is_first_here(context):
        return False
    signatures = {n.status.signature for n in nodes if isinstance(n, JobNode) and n.known}
    known = context.store.by_signatures(signatures)
    return not signatures.isdisjoint(seen) or any(
        _is_older(record, context.top.began_at) for found in known.values() for record in found
    )


def _is_older(record: "JobRecord", began_at: float) -> bool:
    return record.submitted_at is not None and record.submitted_at < began_at


def sentence(steps: Sequence[StepNode]) -> str:
    """What is said of such steps."""
    names = ", ".join(step.path for step in steps)
    if len(steps) == 1:
        return f"step {names} is called here: this computer does not remember its value"
    return f"steps {names} are called here: this computer does not remember their values"
