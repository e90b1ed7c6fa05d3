"""How a run ends that could not do everything: what waits and what failed, gathered. Pure."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sojourn.errors import SojournError, WorkflowFailed
from sojourn.suspension import Suspension, WorkflowSuspended
from sojourn.workflow.kinds import MapNode
from sojourn.workflow.nodes import Node

if TYPE_CHECKING:
    from sojourn.workflow.flow import Workflow


def suspensions(members: "Sequence[Node | Workflow]") -> list[Suspension]:
    """What waits, one by one; what waits in a nested workflow, together."""
    found: dict[str, Suspension] = {}
    for member in members:
        if isinstance(member, MapNode):
            inner = suspensions(member.children or ())
        elif isinstance(member, Node):
            inner = [member.status.suspension] if member.status.suspension is not None else []
        else:
            nested = suspensions(member.members)
            inner = [WorkflowSuspended(nested, member.path)] if nested else []
        for one in inner:
            found.setdefault(f"{one.to_json()}", one)
    return list(found.values())


def unique(errors: "Iterable[SojournError | None]") -> tuple[SojournError, ...]:
    """The errors among these, each once."""
    return tuple({id(error): error for error in errors if error is not None}.values())


def all_failed(
    name: str, failures: tuple[SojournError, ...], nodes: Sequence[Node]
) -> WorkflowFailed:
    """The one error that tells of all."""
    skipped = sum(node.status.skipped_for is not None for node in nodes)
    parts = [f"workflow {name} failed: {failures[0]}"]
    if len(failures) > 1:
        parts.append(f"and {len(failures) - 1} more")
    if skipped:
        parts.append(f"{skipped} {'node' if skipped == 1 else 'nodes'} after that not run")
    return WorkflowFailed("; ".join(parts), failures=failures, hint=failures[0].hint)
