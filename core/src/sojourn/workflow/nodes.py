"""Nodes: what calls inside a workflow make instead of running anything.

A node stands for a value that is not there yet. It may be given to steps and jobs, indexed,
and asked for its `value`, which evaluates what that needs.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import BoundArguments
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sojourn.errors import InvalidJob, UsageError
from sojourn.values.inputs import NodeOutput, Remote
from sojourn.values.patterns import is_glob
from sojourn.workflow.report import NodeState
from sojourn.workflow.values import Key

if TYPE_CHECKING:
    from sojourn.errors import SojournError
    from sojourn.identity.signature import SignedJob
    from sojourn.results.result import Result
    from sojourn.suspension import Suspension
    from sojourn.values.job import Job
    from sojourn.workflow.flow import Workflow
    from sojourn.workflow.report import WorkflowReport

Order = tuple[int, ...]
"""Place in which a node was made: whatever a node takes comes before it."""


class _Unset:
    def __repr__(self) -> str:
        return "not there yet"


UNSET = _Unset()


@dataclass(slots=True)
class Status:
    """What one run has found out about a node."""

    signature: str = ""
    components: Mapping[str, Any] = field(default_factory=dict)
    value: Any = UNSET
    encoded: Any = None
    """A step's value as it is written down."""
    error: "SojournError | None" = None
    skipped_for: "Node | None" = None
    """The failed node because of which this one is not run."""
    suspension: "Suspension | None" = None
    stale: bool = False
    """Whether something before it was made anew and differs: what is known of it may not hold."""
    held_up: "SojournError | None" = None
    """What kept the machine from being asked."""
    state: NodeState = NodeState.UNNEEDED
    machine: str = ""
    reason: str = ""
    inner: "tuple[WorkflowReport, ...]" = ()
    """The trees of workflows that a step has run."""

    @property
    def has_value(self) -> bool:
        """Whether the value is there."""
        return self.value is not UNSET

    @property
    def broken(self) -> bool:
        """Whether no value will come of it in this run, and no waiting helps."""
        return self.error is not None or self.skipped_for is not None

    @property
    def settled(self) -> bool:
        """Whether this run can do no more about it."""
        return (
            self.has_value or self.broken or self.suspension is not None or self.held_up is not None
        )


class Node:
    """Base of all nodes."""

    def __init__(self, flow: "Workflow", path: str, name: str, order: Order) -> None:
        self.flow = flow
        self.path = path
        """Names it in its workflow: those of nested workflows, the function's, which item."""
        self.name = name
        self.order = order
        self.group: MapNode | None = None
        """The map that made it."""
        self.status = Status()

    # --- for those who write workflows ------------------------------------------------------------

    @property
    def value(self) -> Any:
        """What it stands for. Evaluates what that needs; suspends if it must wait."""
        return self.flow.value(self)

    def __getitem__(self, key: Key) -> "Node":
        if not isinstance(key, str | int) or isinstance(key, bool):
            raise TypeError(f"{self!r} is indexed by a number or a name, not by {key!r}")
        return self._item(key)

    def __iter__(self) -> Iterator["Node"]:
        """The items of a list, as nodes: its length is found out by evaluating it."""
        value = self.value
        if not isinstance(value, list):
            raise TypeError(f"{self!r} is a {type(value).__name__}, not a list")
        return iter([self[at] for at in range(len(value))])

    def __repr__(self) -> str:
        return f"<{self.path}>"

    def __str__(self) -> str:
        self._not_there_yet("text")

    def __format__(self, spec: str) -> str:
        self._not_there_yet("text")

    def __bool__(self) -> bool:
        self._not_there_yet("truth")

    def _not_there_yet(self, what: str) -> NoReturn:
        raise UsageError(
            f"node {self.path} has no {what}: what it stands for is not there yet",
            hint="give it to a step or as an input of a job, or take its .value",
        )

    def _item(self, key: Key) -> "Node":
        raise TypeError(f"{self!r} has no item {key!r}")

    # --- for the evaluation -----------------------------------------------------------------------

    @property
    def parents(self) -> "Sequence[Node]":
        """The nodes that it takes."""
        raise NotImplementedError

    @property
    def known(self) -> bool:
        """Whether its signature is known in this run."""
        return bool(self.status.signature)

    @property
    def ready(self) -> bool:
        """Whether its value is there."""
        return self.status.has_value

    @property
    def doubtful(self) -> bool:
        """Whether it is stale, and no better value of it is there."""
        return self.status.stale and not self.ready

    @property
    def culprit(self) -> "Node | None":
        """The failed node because of which this one has no value; itself, if it failed."""
        if self.status.skipped_for is not None:
            return self.status.skipped_for
        return None if self.status.error is None else self

    def as_argument(self) -> Any:
        """What stands for it in a step's signature."""
        raise NotImplementedError

    def as_value(self) -> Any:
        """What a step is given for it."""
        return self.status.value

    def __sojourn_input__(self) -> object:
        """What it is as an input of a job."""
        raise NotImplementedError


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
    ) -> None:
        super().__init__(flow, path, name, order)
        self.over = over
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
        return self.children is not None and all(child.ready for child in self.children)

    @property
    def doubtful(self) -> bool:
        return any(child.doubtful for child in self.children or ())

    @property
    def culprit(self) -> Node | None:
        if self.status.error is not None:
            return self
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
        return [child.as_value() for child in self.children or ()]

    def __sojourn_input__(self) -> object:
        raise InvalidJob(
            f"{self.path} is a list of nodes, which is no input",
            hint="give its items, each under a name of its own",
        )


def nodes_in(value: Any) -> tuple[Node, ...]:
    """The nodes in a value made of lists, tuples and dicts, each once, in order."""
    found: dict[int, Node] = {}

    def visit(item: Any) -> None:
        if isinstance(item, Node):
            found.setdefault(id(item), item)
        elif isinstance(item, Mapping):
            for inner in item.values():
                visit(inner)
        elif isinstance(item, list | tuple):
            for inner in item:
                visit(inner)
        elif (source := getattr(item, "source", None)) is not None and isinstance(source, Node):
            found.setdefault(id(source), source)

    visit(value)
    return tuple(found.values())


def bases(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes themselves, and instead of parts of a node, that node; each once."""
    found = (node.base if isinstance(node, ItemNode) else node for node in nodes)
    return tuple({id(node): node for node in found}.values())


def replaced(value: Any, how: Callable[[Node], Any]) -> Any:
    """`value` with every node in it replaced by what `how` says."""
    if isinstance(value, Node):
        return how(value)
    if isinstance(value, Mapping):
        return {key: replaced(item, how) for key, item in value.items()}
    if isinstance(value, list | tuple) and nodes_in(value):
        items = [replaced(item, how) for item in value]
        return tuple(items) if type(value) is tuple else items
    return value


def placeable(value: Any, node: Node) -> Path | bytes | Remote | None:
    """A step's value as an input of a job: a path, bytes, or else a file with its JSON.

    Raises:
        InvalidJob: text, or what JSON cannot hold.
    """
    if value is UNSET:
        return None
    if isinstance(value, Path | bytes | Remote):
        return value
    if isinstance(value, str):
        raise InvalidJob(
            f"the value of {node.path} is text, which may mean a path or what to put there",
            hint="let the step return Path(text), or text.encode()",
        )
    try:
        return json.dumps(value, sort_keys=True, allow_nan=False).encode("ascii")
    except (TypeError, ValueError) as error:
        raise InvalidJob(
            f"the value of {node.path} can be no input of a job: {error}",
            hint="an input is a path, bytes, or a value that JSON can hold",
        ) from error
