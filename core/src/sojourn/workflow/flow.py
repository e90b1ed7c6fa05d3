"""`Workflow`: where steps and jobs become nodes, and where they are run."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from sojourn.errors import SojournError, UsageError
from sojourn.workflow.baseline import Baseline
from sojourn.workflow.building import Names, building, inside, writing
from sojourn.workflow.decorators import JobFunction, StepFunction
from sojourn.workflow.kinds import JobNode, MapNode, StepNode, bases
from sojourn.workflow.nodes import Node, Order

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.workflow.report import WorkflowReport


class Workflow:
    """A graph of steps and jobs, written inside its `with` and run at the end of it.

    `name` is what it is known by from run to run, `on` the machine of its jobs (by default that
    of the workflow around it, or the configured default), `version` a label recorded with each
    job. `session` is one that the caller has opened and closes.

    Inside another workflow's `with`, it is a part of that one and runs with it. Inside a step's
    function it is a part of the workflow that runs the step.

    The end of the `with` raises:
        WorkflowSuspended: jobs are out; its children are what waits, one by one.
        WorkflowFailed: nothing is left to wait for, and some nodes failed.
        NeedsConfirmation: many jobs known under other signatures would be submitted.
        MachineError: a machine could not be asked, and nothing else waits.
    """

    def __init__(
        self,
        name: str,
        on: str | None = None,
        version: str | int | None = None,
        *,
        session: "Session | None" = None,
    ) -> None:
        if not name or not name.isprintable():
            raise UsageError(f"{name!r} is no name for a workflow")
        self.name = name
        self.on = on
        self.version = "" if version is None else str(version)
        self.parent: Workflow | None = None
        self.path = ""
        self.members: list[Node | Workflow] = []
        """What was made in it, in order: nodes and nested workflows."""
        self.nodes: list[Node] = []
        """Of the outermost workflow: all nodes, those of nested workflows too, by their order."""
        self.report: WorkflowReport | None = None
        """The tree as it was when last looked at."""
        self._names = Names()
        self._count = count()
        self._given = session
        self._stack = ExitStack()
        self._writing = ExitStack()
        self._session: Session | None = None
        self._is_open = False
        self.began_at = 0.0
        """When it was first evaluated, in seconds since the epoch."""
        self.baseline = Baseline()
        """Of the outermost workflow: what its nodes were before this process ran it."""
        self.failed: dict[str, SojournError] = {}
        """Steps that failed in this process, by signature: not called again by a later look."""

    # --- writing it -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        around = building()
        if around is not None:
            self.parent = around
            self.path = around._names.take(self.name)
            self._names.prefix = f"{self.path}/"
            around.members.append(self)
        elif (step := inside()) is not None:
            self.path = step.names.take(self.name)
            self._names.prefix = f"{self.path}/"
        self._writing.enter_context(writing(self))
        self._is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writing.close()
        self._is_open = False
        if self.parent is not None:
            return
        try:
            if error is None:
                self._run()
        finally:
            self._close()

    def map(
        self,
        function: "StepFunction[..., Any] | JobFunction[..., Any]",
        *over: Any,
        on_failure: Literal["raise", "collect"] = "raise",
        **same: Any,
    ) -> Any:
        """Call `function` for each item of `over`, as `map` does; the result is a list (a
        `MapNode`, which type checkers let pass for the list that it stands for).

        `over` are lists, ranges or other sequences, and nodes that stand for lists; all of one
        length. `same` is given to every call. Where a plain sequence tells the length, all
        signatures are known before anything runs; with nodes alone, they are evaluated first.

        With `on_failure="collect"` a step that takes the whole list is called as soon as each item
        is done or has failed: in place of the value of one that failed stands its error (such as
        `JobFailed`). It is called again when an item that had failed is done after all.

        Raises:
            UsageError: nothing to map over, sequences of different lengths, or an `on_failure`
                that is neither.
        """
        if on_failure not in ("raise", "collect"):
            raise UsageError(f"on_failure is 'raise' or 'collect', not {on_failure!r}")
        if not isinstance(function, StepFunction | JobFunction):
            raise UsageError(f"only functions marked as step or job can be mapped, not {function}")
        given = [item if isinstance(item, Node) else list(item) for item in over]
        lengths = {len(item) for item in given if isinstance(item, list)}
        maps = [item.length for item in given if isinstance(item, MapNode)]
        lengths |= {length for length in maps if length is not None}
        if not given or len(lengths) > 1:
            what = " and ".join(map(str, sorted(lengths))) or "nothing"
            raise UsageError(f"{function.name} is mapped over sequences of {what} items")
        first, own = next(self.top._count), next(self.top._count)
        path = self._names.take(function.name)

        def make(length: int) -> list[Node]:
            return [
                self._add(
                    function, [item[at] for item in given], same, f"{path}[{at}]", (first, at)
                )
                for at in range(length)
            ]

        length = lengths.pop() if lengths else None
        node = MapNode(
            self,
            path,
            function.name,
            (own,),
            over=given,
            length=length,
            make=make,
            collect=on_failure == "collect",
        )
        if length is not None:
            node.expand(length)
        self.top.nodes.append(node)
        self.members.append(node)
        return node

    def add_step(
        self, step: "StepFunction[..., Any]", args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Node:
        """The node of a call of a step: what calling it inside the `with` does."""
        return self._added(step, args, kwargs)

    def add_job(
        self, job: "JobFunction[..., Any]", args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Node:
        """The node of a job: what calling its function inside the `with` does."""
        return self._added(job, args, kwargs)

    def _added(
        self,
        function: "StepFunction[..., Any] | JobFunction[..., Any]",
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Node:
        path = self._names.take(function.name)
        node = self._add(function, args, kwargs, path, (next(self.top._count),))
        self.members.append(node)
        return node

    def _add(
        self,
        function: "StepFunction[..., Any] | JobFunction[..., Any]",
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        path: str,
        order: Order,
    ) -> Node:
        node: Node
        if isinstance(function, StepFunction):
            bound = function.bind(args, kwargs)
            node = StepNode(
                self, path, order, function=function.function, version=function.version, bound=bound
            )
        else:
            with writing(None):
                job = function.make(args, kwargs)
            if not job.name:
                job = job.replace(name=path)
            node = JobNode(self, path, order, job=job, step=function.name, on=function.on)
        for parent in node.parents:
            if parent.flow.top is not self.top:
                raise UsageError(f"{parent!r} belongs to another workflow", hint="take its .value")
        self.top.nodes.append(node)
        return node

    @property
    def top(self) -> "Workflow":
        """The outermost workflow."""
        return self if self.parent is None else self.parent.top

    @property
    def machine_word(self) -> str | None:
        """The machine that it names, or the workflow around it; None for the default."""
        return self.on if self.on is not None or self.parent is None else self.parent.machine_word

    # --- running it -------------------------------------------------------------------------------

    def run(self) -> None:
        """Run all that was made so far, as far as it goes; also again, after a suspension.

        Raises:
            As the end of the `with` does.
        """
        self.top.failed.clear()
        self._run()

    def _run(self) -> None:
        self._evaluate(sinks(self.top.nodes))

    def value(self, node: Node) -> Any:
        """What `node` stands for: evaluates what that needs, and nothing else.

        If it must wait, the jobs that were made so far are submitted too.

        Raises:
            As `run` does.
        """
        base = bases([node])[0]
        if not base.ready:
            self._evaluate([base], also=self._jobs_made())
        return node.as_value()

    def find_length(self, node: MapNode) -> None:
        """Evaluate what a map is over, so that its items are known."""
        self._evaluate(node.over_nodes, also=self._jobs_made())

    def _jobs_made(self) -> list[Node]:
        return [node for node in self.top.nodes if isinstance(node, JobNode)]

    def _evaluate(self, roots: Sequence[Node], also: Sequence[Node] | None = None) -> None:
        from sojourn.workflow.running import run_to_the_end

        top = self.top
        top.began_at = top.began_at or time.time()
        try:
            with writing(None):
                run_to_the_end(top, top._open(), roots, also)
        finally:
            if not top._is_open:
                top._close()

    def _open(self) -> "Session":
        """The session, kept open as long as the `with` goes on."""
        if self._given is not None:
            return self._given
        if (step := inside()) is not None:
            return step.session
        if self._session is None:
            from sojourn.workflow.context import new_session

            self._session = self._stack.enter_context(new_session())
        return self._session

    def _close(self) -> None:
        self._session = None
        self._stack.close()


def sinks(nodes: Sequence[Node]) -> list[Node]:
    """The nodes that no other takes. A map that nobody takes stands for those of its items."""
    taken: set[int] = set()
    for node in reversed(nodes):
        if not isinstance(node, MapNode) or id(node) in taken or node.children is None:
            taken.update(id(parent) for parent in node.parents)
    return [
        node
        for node in nodes
        if id(node) not in taken and not (isinstance(node, MapNode) and node.children is not None)
    ]
