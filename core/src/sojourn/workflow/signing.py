"""Signatures of nodes: known before anything is run, as far as lengths of maps are known."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sojourn.errors import InvalidJob
from sojourn.identity.digests import Digests
from sojourn.identity.remote import needs_asking
from sojourn.identity.resolve import Resolver
from sojourn.identity.steps import sign_step
from sojourn.values.inputs import Remote
from sojourn.workflow.kinds import JobNode, MapNode, StepNode
from sojourn.workflow.nodes import Node
from sojourn.workflow.taking import replaced

if TYPE_CHECKING:
    from sojourn.workflow.context import Context
    from sojourn.workflow.stepping import Steps


class Signer:
    """Signs nodes in their order, jobs in as few batches as can be, and expands maps."""

    def __init__(self, context: "Context", steps: "Steps") -> None:
        self._context = context
        self._steps = steps
        self._resolver = Resolver(Digests(context.session.memo))
        self._pending: list[JobNode] = []

    def sign(self, nodes: Sequence[Node]) -> None:
        """Sign what can be signed now; steps whose value is remembered get it.

        Raises:
            InvalidJob: an input or argument is missing or has no identity.
            MachineError: what a Remote input holds could not be asked.
        """
        self._look_at_remotes(nodes)
        for node in list(nodes):
            self._sign(node)
        self._flush()
        self._context.top.nodes.sort(key=lambda node: node.order)

    def _sign(self, node: Node) -> None:
        if isinstance(node, MapNode):
            self._sign_map(node)
        elif not node.known and self._can_be_signed(node):
            if isinstance(node, StepNode):
                self._sign_step(node)
            elif isinstance(node, JobNode):
                self._context.resolve(node)
                self._pending.append(node)
        elif isinstance(node, JobNode) and node.known:
            self._suspect(node)

    def _can_be_signed(self, node: Node) -> bool:
        if self._pending and not all(parent.known for parent in node.parents):
            self._flush()
        return all(parent.known for parent in node.parents)

    def _sign_step(self, node: StepNode) -> None:
        arguments = replaced(dict(node.bound.arguments), lambda one: one.as_argument())
        signature, components = sign_step(
            node.function, arguments, node.version, resolver=self._resolver
        )
        node.status.signature, node.status.components = signature, components
        self._steps.recall(node)

    def _flush(self) -> None:
        for machine in dict.fromkeys(node.machine for node in self._pending):
            group = [node for node in self._pending if node.machine == machine]
            signed = self._context.session.sign([node.job for node in group], machine)
            for node, one in zip(group, signed, strict=True):
                node.signed = one
                node.status.signature, node.status.components = one.signature, one.components
                self._suspect(node)
        self._pending.clear()

    def _suspect(self, node: JobNode) -> None:
        """Whether the job's result, if there is one, was made from something else."""
        if self._context.settings.accept_stale or node.ready:
            return
        node.status.stale = any(parent.doubtful for parent in node.parents)
        if not node.status.stale and node.signed is not None:
            result = self._context.cached(node)
            found = None if result is None else self._context.session.stale(node.signed, result)
            node.status.stale = found is not None

    def _sign_map(self, node: MapNode) -> None:
        try:
            lengths = {over.path: _length(over) for over in node.over if isinstance(over, Node)}
        except InvalidJob as error:
            node.status.error = error
            return
        found = {length for length in lengths.values() if length is not None}
        if node.length is not None:
            found.add(node.length)
        if len(found) > 1:
            told = ", ".join(f"{path} has {length}" for path, length in lengths.items())
            mine = "" if node.length is None else f", the map {node.length} items"
            node.status.error = InvalidJob(
                f"{node.path} is mapped over lists of different lengths: {told}{mine}"
            )
        elif node.children is None and None not in lengths.values():
            for child in node.expand(found.pop()):
                self._sign(child)

    def _look_at_remotes(self, nodes: Sequence[Node]) -> None:
        """Ask for all Remote inputs at once, before they are needed one batch after another."""
        paths: dict[str, set[str]] = {}
        for node in nodes:
            if isinstance(node, JobNode) and not node.known:
                for given in node.job.inputs.values():
                    source = given.source
                    path = needs_asking(source) if isinstance(source, Remote) else None
                    if path is not None:
                        paths.setdefault(self._context.resolve(node), set()).add(path)
        for machine, wanted in paths.items():
            self._context.session.look_at(machine, sorted(wanted))


def _length(over: Node) -> int | None:
    """How many items a node stands for; None if that is not known yet.

    Raises:
        InvalidJob: it stands for something that is no list.
    """
    if isinstance(over, MapNode):
        return None if over.children is None else len(over.children)
    if not over.ready:
        return None
    value = over.as_value()
    if not isinstance(value, list):
        raise InvalidJob(
            f"{over.path} is a {type(value).__name__}: only a list can be mapped over",
            hint="let the step return a list",
        )
    return len(value)
