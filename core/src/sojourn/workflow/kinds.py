"""The kinds of nodes: steps, jobs, parts of either, and maps."""

import json
from collections.abc import Callable, Iterator, Sequence
from inspect import BoundArguments
from typing import TYPE_CHECKING, Any

from sojourn.errors import InvalidJob
from sojourn.values.inputs import NodeOutput, Remote
from sojourn.values.patterns import is_glob
from sojourn.workflow.nodes import Node, Order
from sojourn.workflow.taking import nodes_in, placeable
from sojourn.workflow.values import Key

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.results.result import Result
    from sojourn.values.job import Job
    from sojourn.workflow.flow import Workflow


class StepNode(Node):
    """A call of a step."""

    def __init__(
        self,
        flow: "Workflow",
        path: str,
        order: Order,
        *,
        function: Callable[..., Any],
        version: str | int | None,
        bound: BoundArguments,
    ) -> None:
        super().__init__(flow, path, function.__name__, order)
        self.function = function
        self.version = version
        self.bound = bound
        self._parents = bases(nodes_in(bound.arguments))

    @property
    def parents(self) -> Sequence[Node]:
        return self._parents

    def _item(self, key: Key) -> Node:
        return ItemNode(self, (key,))

    def as_argument(self) -> NodeOutput:
        return NodeOutput(self.status.signature)

    def __sojourn_input__(self) -> NodeOutput:
        return NodeOutput(self.status.signature, "", placeable(self.status.value, self))


class JobNode(Node):
    """A job."""

    def __init__(
        self,
        flow: "Workflow",
        path: str,
        order: Order,
        *,
        job: "Job",
        step: str,
        on: str | None = None,
    ) -> None:
        super().__init__(flow, path, step, order)
        self.job = job
        self.on = on
        self.machine = ""
        """The machine's name, resolved when a run begins."""
        self.signed: SignedJob | None = None
        self._parents = bases(nodes_in([given.source for given in job.inputs.values()]))

    @property
    def parents(self) -> Sequence[Node]:
        return self._parents

    @property
    def result(self) -> "Result":
        """The job's whole result, with what it printed. Evaluates what that needs.

        (`value` is what a step is given: of a job with one output, that output's path.)
        """
        self.flow.value(self)
        result: Result = self.status.value
        return result

    @property
    def sole_output(self) -> str | None:
        """The name of its output, if it has exactly one."""
        if len(self.job.outputs) != 1:
            return None
        output = self.job.outputs[0]
        name = output.path if isinstance(output, Remote) else output
        return None if is_glob(name) else name

    @property
    def is_file(self) -> bool:
        """Whether a step is given the one output itself instead of the `Result`."""
        return self.sole_output is not None and not self.job.remote_outputs

    def _item(self, key: Key) -> Node:
        if not isinstance(key, str):
            raise TypeError(f"{self!r} is a job: name one of its outputs")
        self.job.output(key)
        return ItemNode(self, (key,))

    def as_argument(self) -> NodeOutput:
        name = self.sole_output if self.is_file else ""
        return NodeOutput(self.status.signature, name or "")

    def as_value(self) -> Any:
        result = self.status.value
        return result[self.sole_output] if self.is_file else result

    def __sojourn_input__(self) -> NodeOutput:
        name = self.sole_output
        if name is None:
            raise InvalidJob(
                f"{self.path} has not exactly one output, so that it is no input by itself",
                hint=f"name the output, as in node[{self.job.outputs[0]!r}]"
                if self.job.outputs
                else "it has none: give it outputs=[...]",
            )
        return NodeOutput(self.status.signature, name)


class ItemNode(Node):
    """A part of a step's value, or one output of a job."""

    def __init__(self, base: StepNode | JobNode, keys: tuple[Key, ...]) -> None:
        written = "".join(f"[{json.dumps(key, ensure_ascii=False)}]" for key in keys)
        super().__init__(base.flow, base.path + written, base.name, base.order)
        self.base = base
        self.keys = keys
        self.output = written if isinstance(base, StepNode) else str(keys[0])

    @property
    def parents(self) -> Sequence[Node]:
        return (self.base,)

    @property
    def known(self) -> bool:
        return self.base.known

    @property
    def ready(self) -> bool:
        return self.base.ready

    def _item(self, key: Key) -> Node:
        if isinstance(self.base, JobNode):
            raise TypeError(f"{self!r} is an output of a job and has no items")
        return ItemNode(self.base, (*self.keys, key))

    def as_argument(self) -> NodeOutput:
        return NodeOutput(self.base.status.signature, self.output)

    def as_value(self) -> Any:
        """What a step is given for it.

        Raises:
            InvalidJob: there is no such item.
        """
        value = self.base.status.value
        for key in self.keys:
            try:
                value = value[key]
            except (LookupError, TypeError) as error:
                what = f"list of {len(value)}" if isinstance(value, list) else type(value).__name__
                raise InvalidJob(
                    f"there is no {self.path}: [{key!r}] was asked of a {what}"
                ) from error
        return value

    def __sojourn_input__(self) -> NodeOutput:
        if isinstance(self.base, JobNode) or not self.base.status.has_value:
            return self.as_argument()
        return NodeOutput(self.base.status.signature, self.output, placeable(self.as_value(), self))


class MapNode(Node):
    """A function called for every item of what it is mapped over."""

    def __init__(
        self,
        flow: "Workflow",
        path: str,
        name: str,
        order: Order,
        *,
        over: Sequence[Any],
        length: int | None,
        make: Callable[[int], Sequence[Node]],
        collect: bool = False,
    ) -> None:
        super().__init__(flow, path, name, order)
        self.over = over
        self.collect = collect
        """Whether an item that failed is an error in the list instead of a failure of the map."""
        self.over_nodes = bases([item for item in over if isinstance(item, Node)])
        self.length = length
        """None until what it is mapped over has been evaluated."""
        self._make = make
        self.children: Sequence[Node] | None = None

    def expand(self, length: int) -> Sequence[Node]:
        """Make the nodes of its items."""
        self.length = length
        self.children = tuple(self._make(length))
        for child in self.children:
            child.group = self
        return self.children

    @property
    def parents(self) -> Sequence[Node]:
        return self.over_nodes if self.children is None else self.children

    @property
    def known(self) -> bool:
        return self.children is not None and all(child.known for child in self.children)

    @property
    def ready(self) -> bool:
        return self.children is not None and all(map(self._has, self.children))

    def _has(self, child: Node) -> bool:
        return child.ready or (self.collect and child.failure is not None)

    @property
    def doubtful(self) -> bool:
        return any(child.doubtful for child in self.children or ())

    @property
    def culprit(self) -> Node | None:
        if self.status.error is not None:
            return self
        if self.collect and self.children is not None:
            return None
        return next((one.culprit for one in self.parents if one.culprit is not None), None)

    def _item(self, key: Key) -> Node:
        if not isinstance(key, int):
            raise TypeError(f"{self!r} is a list: give a number")
        return self._items()[key]

    def __iter__(self) -> Iterator[Node]:
        return iter(self._items())

    def _items(self) -> Sequence[Node]:
        if self.children is None:
            self.flow.find_length(self)
        return self.children or ()

    def as_argument(self) -> list[Any]:
        return [child.as_argument() for child in self.children or ()]

    def as_value(self) -> list[Any]:
        return [
            child.as_value() if child.ready or not self.collect else child.failure
            for child in self.children or ()
        ]

    def __sojourn_input__(self) -> object:
        raise InvalidJob(
            f"{self.path} is a list of nodes, which is no input",
            hint="give its items, each under a name of its own",
        )


def bases(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes themselves, and instead of parts of a node, that node; each once."""
    found = (node.base if isinstance(node, ItemNode) else node for node in nodes)
    return tuple({id(node): node for node in found}.values())
