"""A workflow's tree as lines of text. Pure."""

from collections.abc import Iterator, Sequence

from sojourn.printable import flat
from sojourn.workflow.report import NodeReport, NodeState, Plan, WorkflowReport, grouped

_SHOWN = 12
"""A group of more nodes is told by numbers, and only what went wrong in it by name."""

_BAD = (NodeState.FAILED, NodeState.STALE)

Line = tuple[str, str]
"""A state's word, for its colour, and the text."""


def tree_lines(report: WorkflowReport) -> list[Line]:
    """The tree below the workflow's name."""
    version = f" (version {flat(report.version)})" if report.version else ""
    where = f" on {report.machine}" if report.machine else ""
    head = f"{flat(report.name)}{version}{where}: {report.status}"
    return [(report.status, head), *_below(report.nodes, "")]


def plan_lines(plan: Plan, limit: int | None = None) -> list[str]:
    """What a run would do: the numbers, and which component of what has changed; of those lines
    at most `limit`."""
    if plan.nothing_to_do:
        nothing = "nothing to do: everything is there or on its way"
        return [nothing, *(f"  {flat(text)}" for text in plan.requests)]
    lines = [str(plan), *(f"  {flat(text)}" for text in plan.requests)]
    changes = grouped(plan.changes)
    lines += [f"  {flat(text)}" for text in changes[:limit]]
    if limit is not None and len(changes) > limit:
        lines.append(f"  and {len(changes) - limit} more; --dry-run shows all of them")
    if plan.called_again:
        names = ", ".join(flat(name) for name in plan.called_again[:limit])
        lines.append(f"  to be called although another computer has done so: {names}")
    lines += [f"  {flat(text)}" for text in plan.bounds]
    if plan.unknown and not plan.bounds:
        names = ", ".join(flat(name) for name in plan.unknown[:limit])
        lines.append(f"  known only after a step has run: {names}")
    return lines


def _below(nodes: Sequence[NodeReport], indent: str) -> Iterator[Line]:
    for at, node in enumerate(nodes):
        last = at == len(nodes) - 1
        yield node.state.value, f"{indent}{'└─ ' if last else '├─ '}{_words(node)}"
        inner = indent + ("   " if last else "│  ")
        yield from _below(_worth_showing(node.children), inner)


def _worth_showing(children: Sequence[NodeReport]) -> Sequence[NodeReport]:
    if len(children) <= _SHOWN:
        return children
    return [node for node in children if node.state in _BAD][:_SHOWN]


def _words(node: NodeReport) -> str:
    text = f"{flat(node.name)}  {node.state}"
    if node.children:
        text += f"  {counts(node.children)}"
        return f"{text}  {flat(node.reason)}" if node.state in _BAD and node.reason else text
    if node.kind == "job" and node.signature:
        text += f"  {node.signature[:8]}" + (f" on {node.machine}" if node.machine else "")
    return f"{text}  {flat(node.reason)}" if node.reason else text


def counts(nodes: Sequence[NodeReport]) -> str:
    """How many nodes are in each state: `5 done, 3 running`."""
    states = [node.state for node in nodes]
    return ", ".join(f"{states.count(one)} {one}" for one in NodeState if one in states)
