"""What is needed for what: nothing upstream of something known is asked for. Pure."""

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum

from sojourn.workflow.kinds import JobNode, MapNode, StepNode
from sojourn.workflow.nodes import Node


class Want(IntEnum):
    """How much of a node is wanted; each includes those before it."""

    SIGNATURE = 1
    """That it can be signed: the lengths of the maps that it takes."""
    JOB = 2
    """That the job is on its way, or done, on its machine."""
    VALUE = 3
    """Its value, here."""


class Standing(IntEnum):
    """Where a job stands before this run has done anything for it."""

    ABSENT = 0
    """It must be handed in."""
    ACTIVE = 1
    """On its way on its own machine."""
    THERE = 2
    """Done, with its outputs on its own machine."""
    ELSEWHERE = 3
    """On another machine, or only its result is known."""
    BROKEN = 4
    """It ended, but not well."""


StandingOf = Callable[[JobNode], Standing]
Wanted = dict[Node, Want]


def demand(nodes: Sequence[Node], roots: Iterable[Node], standing: StandingOf) -> Wanted:
    """What must be had to have the values of `roots`; `nodes` in their order."""
    wanted: Wanted = {}

    def want(node: Node, much: Want) -> None:
        wanted[node] = max(wanted.get(node, much), much)

    for root in roots:
        want(root, Want.VALUE)
    for node in reversed(nodes):
        if node in wanted:
            for parent, much in _wanted_by(node, wanted[node], standing):
                want(parent, much)
    return wanted


def _wanted_by(node: Node, much: Want, standing: StandingOf) -> Iterable[tuple[Node, Want]]:
    """What a node needs of those that it takes, if so much of it is wanted."""
    if isinstance(node, MapNode):
        how = Want.VALUE if node.children is None else much
        return [(parent, how) for parent in node.parents]
    if not node.known:
        return [(parent, Want.SIGNATURE) for parent in node.parents if not parent.known]
    if isinstance(node, JobNode):
        return _wanted_by_job(node, much, standing)
    if much is Want.VALUE and not node.status.settled:
        return [(parent, Want.VALUE) for parent in node.parents]
    return []


def _wanted_by_job(node: JobNode, much: Want, standing: StandingOf) -> Iterable[tuple[Node, Want]]:
    if much is Want.SIGNATURE or node.ready or node.status.broken or node.status.held_up:
        return
    stands = standing(node)
    for parent in node.parents:
        if stands is Standing.ABSENT:
            yield parent, edge(parent, node, standing)
        elif parent.doubtful:
            yield parent, Want.VALUE
        elif stands is Standing.ACTIVE and isinstance(parent, JobNode) and parent.known:
            if standing(parent) is Standing.BROKEN:
                yield parent, Want.VALUE  # so that its failure is told, and not only the child's
            elif standing(parent) is Standing.ACTIVE:
                yield parent, Want.JOB  # polled along


def edge(parent: Node, node: JobNode, standing: StandingOf) -> Want:
    """What a job that must be handed in needs of a node that it takes."""
    if not _same_machine(parent, node):
        return Want.VALUE
    assert isinstance(parent, JobNode)
    waits_there = standing(parent) in (Standing.ABSENT, Standing.ACTIVE, Standing.THERE)
    return Want.JOB if waits_there else Want.VALUE


def _same_machine(parent: Node, node: JobNode) -> bool:
    return isinstance(parent, JobNode) and parent.machine == node.machine


def needing_steps(nodes: Sequence[Node], wanted: Wanted, standing: StandingOf) -> list[JobNode]:
    """The jobs to be handed in for which a step would have to be called first."""
    needs: set[Node] = set()
    for node in nodes:
        if wanted.get(node, Want.SIGNATURE) is Want.SIGNATURE or node.status.settled:
            continue
        if isinstance(node, StepNode):
            needs.add(node)
        elif isinstance(node, JobNode) and not (node.known and standing(node) is Standing.ABSENT):
            continue
        elif any(parent in needs for parent in node.parents):
            needs.add(node)
    return [node for node in nodes if isinstance(node, JobNode) and node in needs]
