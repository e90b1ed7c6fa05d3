"""What a run of a workflow tells about itself: a tree of nodes, and a count of what is new."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal


class NodeState(StrEnum):
    """Where a node stands after a look, in one word."""

    NEW = "new"
    """Not known: would be run or submitted (dry run)."""
    CHANGED = "changed"
    """Known under another signature: would be run or submitted (dry run)."""
    REMEMBERED = "remembered"
    """A step whose value was known: its function was not called."""
    RAN = "ran"
    """A step whose function was called in this run."""
    CACHED = "cached"
    """A job whose result was here already."""
    SUBMITTED = "submitted"
    """A job handed in by this run."""
    QUEUED = "queued"
    """In the scheduler's queue, held or not."""
    RUNNING = "running"
    DONE = "done"
    """A job that has ended well, or a group all of whose nodes are done."""
    FAILED = "failed"
    STALE = "stale"
    """Made from other bytes than its inputs have now."""
    WAITING = "waiting"
    """For a node before it, for a machine, or for a place in the queue."""
    SKIPPED = "skipped"
    """Not run, because a node before it failed."""
    UNNEEDED = "unneeded"
    """Not looked at: whatever takes it is known."""


NodeKind = Literal["step", "job", "map", "workflow"]


@dataclass(frozen=True, slots=True)
class NodeReport:
    """One node of the tree. `children` are those of a map or a nested workflow.

    `path` is its place in the workflow (`sites[2]/fit[3]`), `machine` where the job is,
    `reason` why it stands so, in a line.
    """

    name: str
    kind: NodeKind
    state: NodeState
    machine: str = ""
    signature: str = ""
    reason: str = ""
    path: str = ""
    children: tuple["NodeReport", ...] = ()

    def walk(self) -> Iterator["NodeReport"]:
        """This node and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A node that is known under another signature. `components` have changed, by their names."""

    path: str
    kind: NodeKind
    before: str
    after: str
    components: tuple[str, ...] = ()
    name: str = ""
    """The function's name: what nodes alike have in common."""

    @property
    def what(self) -> str:
        """What has changed: `command, inputs.mesh changed`, or ``upstream `cases` changed``."""
        return f"{', '.join(self.components) or 'something'} changed"

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def grouped(changes: Iterable[PlannedChange]) -> list[str]:
    """Changes as lines, those alike in one: ``60 jobs of simulate: upstream `cases` changed``."""
    alike: dict[tuple[str, str, str], list[PlannedChange]] = {}
    for change in changes:
        alike.setdefault((change.kind, change.name or change.path, change.what), []).append(change)
    return [
        str(group[0]) if len(group) == 1 else f"{len(group)} {kind}s of {name}: {what}"
        for (kind, name, what), group in alike.items()
    ]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: numbers of jobs and steps, and what has changed.

    `jobs_changed` counts jobs to be submitted whose node was known under another signature;
    `jobs_new` the others to be submitted. `unknown` names nodes whose number is known only
    after a step has run.
    """

    jobs_new: int = 0
    jobs_changed: int = 0
    jobs_reused: int = 0
    steps_to_run: int = 0
    steps_reused: int = 0
    changes: tuple[PlannedChange, ...] = ()
    unknown: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()
    """A line for each of those: how many are known, and what has to run first."""
    requests: tuple[str, ...] = ()
    """Lines about jobs that are asked for with other resources than before, and what follows."""
    jobs_again: int = 0
    """How many of those would be submitted in a next attempt."""
    called_again: tuple[str, ...] = ()
    """Steps that another computer has called: their values are not remembered here."""

    @property
    def nothing_to_do(self) -> bool:
        """Whether everything is there or on its way."""
        doing = self.jobs_new or self.jobs_changed or self.jobs_again or self.steps_to_run
        return not (doing or self.unknown)

    def __str__(self) -> str:
        new = f"{self.jobs_new} new job{'' if self.jobs_new == 1 else 's'}"
        steps = f"{self.steps_to_run} step{'' if self.steps_to_run == 1 else 's'} to run"
        again = f"{self.jobs_again} to run again, " if self.jobs_again else ""
        return (
            f"{new}, {self.jobs_changed} changed, {again}{self.jobs_reused} reused; "
            f"{steps}, {self.steps_reused} remembered"
        )


@dataclass(frozen=True, slots=True)
class WorkflowReport:
    """The tree of one workflow. `status` is "running", "suspended", "done", "failed" or "planned"."""

    name: str
    version: str
    status: str
    machine: str
    nodes: tuple[NodeReport, ...] = ()
    plan: Plan = field(default_factory=Plan)

    def walk(self) -> Iterator[NodeReport]:
        """All nodes of the tree, in order."""
        for node in self.nodes:
            yield from node.walk()

    def to_json(self) -> dict[str, Any]:
        """This report as a JSON-able dict."""
        return asdict(self)
