"""Which nodes of earlier runs a run leaves behind. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from sojourn.store.plans import Membership, NodeRecord
from sojourn.workflow.kinds import MapNode, StepNode
from sojourn.workflow.nodes import Node
from sojourn.workflow.report import NodeState


def left_behind(
    members: Iterable[Membership],
    nodes: Sequence[Node],
    before: Mapping[str, NodeRecord],
    *,
    began_at: float,
    whole: bool,
) -> set[str]:
    """The paths of nodes that the workflow does not have any more, after a run that began at
    `began_at` and has `nodes`; `before` is what its nodes were until then.

    A run that was `whole` has looked at everything. One that has looked at a part, as for a
    node's `value`, leaves behind only items that a map of it does not have any more. The jobs of
    a workflow inside a step remain as long as the step's remembered value is used. A node that is
    still there keeps its job until another one is recorded there, as after a question's "no".
    """
    present = {node.path for node in nodes}
    old = {one.node for one in members if one.current and one.seen_at < began_at} - present
    maps = [node.path for node in nodes if isinstance(node, MapNode) and node.children is not None]
    if not whole:
        return {path for path in old if any(path.startswith(f"{one}[") for one in maps)}
    steps = [node for node in nodes if isinstance(node, StepNode)]
    kept = [f"{step.path}/" for step in steps if _remains(step, before)]
    return {path for path in old if not any(path.startswith(one) for one in kept)}


def _remains(step: StepNode, before: Mapping[str, NodeRecord]) -> bool:
    """Whether what a step has run earlier still counts: it was not called to its end since."""
    if step.status.state is NodeState.RAN:
        return False
    was = before.get(step.path)
    return was is not None and was.signature == step.status.signature
