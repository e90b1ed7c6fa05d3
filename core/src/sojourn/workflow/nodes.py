"""Nodes: what calls inside a workflow make instead of running anything.

A node stands for a value that is not there yet. It may be given to steps and jobs, indexed,
and asked for its `value`, which evaluates what that needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from sojourn.errors import UsageError
from sojourn.workflow.report import NodeState
from sojourn.workflow.values import Key

if TYPE_CHECKING:
    from sojourn.errors import SojournError
    from sojourn.suspension import Suspension
    from sojourn.workflow.flow import Workflow
    from sojourn.workflow.kinds import MapNode
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

    @property
    def failure(self) -> "SojournError | None":
        """Why it will have no value in this run, if it will have none."""
        culprit = self.culprit
        return None if culprit is None else culprit.status.error

    def as_argument(self) -> Any:
        """What stands for it in a step's signature."""
        raise NotImplementedError

    def as_value(self) -> Any:
        """What a step is given for it."""
        return self.status.value

    def __sojourn_input__(self) -> object:
        """What it is as an input of a job."""
        raise NotImplementedError
