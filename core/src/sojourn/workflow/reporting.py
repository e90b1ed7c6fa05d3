"""The tree that a run tells of, made from its nodes. Pure."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sojourn.workflow.kinds import JobNode, MapNode
from sojourn.workflow.nodes import Node
from sojourn.workflow.report import NodeReport, NodeState, Plan, WorkflowReport

if TYPE_CHECKING:
    from sojourn.workflow.flow import Workflow

_GOOD = frozenset(
    {NodeState.REMEMBERED, NodeState.RAN, NodeState.CACHED, NodeState.DONE, NodeState.UNNEEDED}
)
_WORST_FIRST = (
    NodeState.FAILED,
    NodeState.STALE,
    NodeState.SKIPPED,
    NodeState.RUNNING,
    NodeState.QUEUED,
    NodeState.SUBMITTED,
    NodeState.WAITING,
    NodeState.CHANGED,
    NodeState.NEW,
)
"""A group stands as the first of these that stands in it."""


def report_of(flow: "Workflow", status: str, plan: Plan, machine: str) -> WorkflowReport:
    """The tree of a workflow as its nodes stand."""
    return WorkflowReport(
        flow.name, flow.version, status, machine, tuple(_members(flow.members)), plan
    )


def _members(members: "Iterable[Node | Workflow]") -> Iterable[NodeReport]:
    for member in members:
        yield _node(member) if isinstance(member, Node) else _nested(member)


def _nested(flow: "Workflow") -> NodeReport:
    children = tuple(_members(flow.members))
    return NodeReport(
        name=flow.name,
        kind="workflow",
        state=_together(children),
        reason=_counted(children),
        path=flow.path,
        children=children,
    )


def _node(node: Node) -> NodeReport:
    if isinstance(node, MapNode):
        return _map(node)
    status = node.status
    inner = tuple(
        NodeReport(
            one.name,
            "workflow",
            _together(one.nodes),
            path=f"{node.path}/{one.name}",
            children=one.nodes,
        )
        for one in status.inner
    )
    job = isinstance(node, JobNode)
    return NodeReport(
        name=node.path.rpartition("/")[2],
        kind="job" if job else "step",
        state=status.state,
        machine=status.machine or (node.machine if isinstance(node, JobNode) else ""),
        signature=status.signature,
        reason=_reason(node),
        path=node.path,
        children=inner,
    )


def _map(node: MapNode) -> NodeReport:
    name = node.path.rpartition("/")[2]
    if node.children is None:
        reason = "its length is known when what it is mapped over has been run"
        state = NodeState.FAILED if node.status.error else NodeState.WAITING
        return NodeReport(name, "map", state, reason=_reason(node) or reason, path=node.path)
    children = tuple(_node(child) for child in node.children)
    state = NodeState.FAILED if node.status.error else _together(children)
    reason = _reason(node) or _counted(children)
    return NodeReport(name, "map", state, reason=reason, path=node.path, children=children)


def _reason(node: Node) -> str:
    status = node.status
    if status.error is not None:
        return str(status.error)
    if status.skipped_for is not None:
        return f"{status.skipped_for.path} failed"
    return status.reason


def _together(children: Sequence[NodeReport]) -> NodeState:
    states = {child.state for child in children}
    if states == {NodeState.UNNEEDED}:
        return NodeState.UNNEEDED
    return next((state for state in _WORST_FIRST if state in states), NodeState.DONE)


def _counted(children: Sequence[NodeReport]) -> str:
    if not children:
        return "empty"
    good = sum(child.state in _GOOD for child in children)
    return f"{good} of {len(children)} done"
