"""Running a workflow: as far as it goes, again and again until all is there or all waits."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sojourn.suspension import WorkflowSuspended, suspend
from sojourn.workflow.building import inside
from sojourn.workflow.concluding import all_failed, suspensions, unique
from sojourn.workflow.context import Context, new_context
from sojourn.workflow.demand import Want, Wanted, demand
from sojourn.workflow.jobs import Jobs
from sojourn.workflow.kinds import JobNode, MapNode, StepNode
from sojourn.workflow.nodes import Node, Status
from sojourn.workflow.planning import Planner
from sojourn.workflow.recording import Recording
from sojourn.workflow.report import NodeState, Plan, WorkflowReport
from sojourn.workflow.reporting import report_of
from sojourn.workflow.settings import DryRun
from sojourn.workflow.signing import Signer
from sojourn.workflow.stepping import Steps
from sojourn.workflow.unremembered import may_be_called, sentence, was_run_elsewhere
from sojourn.workflow.waiting import wait_for

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.workflow.flow import Workflow

_REPORT_COST = 10.0
"""A tree is told again before a step only after so many times what telling it last took."""


def run_to_the_end(
    top: "Workflow", session: "Session", roots: Sequence[Node], also: Sequence[Node] | None
) -> None:
    """Have the values of `roots`; if that must wait, bring `also` on its way too.

    Without `also`, `roots` is all there is, and having it means that the workflow is done.

    Raises:
        WorkflowSuspended, WorkflowFailed, NeedsConfirmation, MachineError, DryRun: see `Workflow`.
    """
    context = new_context(top, session)
    recording = Recording(context)
    if not context.settings.dry_run:
        recording.begin()
    try:
        _until_done(context, recording, roots, also)
    except WorkflowSuspended as suspension:
        recording.suspended(suspension)
        raise
    except (Exception, KeyboardInterrupt) as error:
        if not context.settings.dry_run:
            recording.stopped(error)
        raise
    finally:
        session.memo.flush()
    if also is None and not context.settings.dry_run:
        recording.done()


def _until_done(
    context: Context, recording: Recording, roots: Sequence[Node], also: Sequence[Node] | None
) -> None:
    while True:
        run = Run(context, recording)
        try:
            run.evaluate(roots, also)
            return
        except WorkflowSuspended as suspension:
            if not context.settings.wait or context.is_part:
                raise
            wait_for(context, suspension, run.refresh_report)


class Run:
    """One look at everything: what can be done is done, each machine is asked once."""

    def __init__(self, context: Context, recording: Recording) -> None:
        self._context = context
        self._recording = recording
        self._steps = Steps(context)
        self._signer = Signer(context, self._steps)
        self._jobs = Jobs(context)
        self._planner = Planner(context, self._jobs)
        self._plan = Plan()
        self._announced: set[Node] = set()
        self._reported = self._cost = 0.0

    @property
    def _nodes(self) -> list[Node]:
        return self._context.top.nodes

    def evaluate(self, roots: Sequence[Node], also: Sequence[Node] | None = None) -> None:
        """Have the values of `roots`.

        Raises:
            As `run_to_the_end` does.
        """
        for node in self._nodes:
            _forget_what_was_waited_for(node)
            if isinstance(node, JobNode):
                self._context.resolve(node)
        if self._context.settings.dry_run:
            self._rehearse(roots, also or ())
            return
        self._advance(roots)
        if also and not all(root.ready for root in roots):
            self._advance([*roots, *also])
        self._recording.looked_over(self._nodes, whole=also is None)
        self._jobs.show(self._nodes)
        self._conclude(roots, "done" if also is None else "running")

    def _advance(self, roots: Sequence[Node]) -> None:
        """Do what can be done, the cheapest first, until nothing can be done any more."""
        while True:
            wanted = self._look_over(roots)
            if self._jobs.take_over(self._nodes, wanted) or self._jobs.look(wanted):
                continue
            self._planner.agree(self._nodes, wanted)
            self._recording.accepted()
            self._recording.resumed()
            if self._call_steps(wanted):
                continue
            ready = self._jobs.ready(self._nodes, wanted)
            self._recording.coming(ready)
            if not self._jobs.submit(ready):
                break
            self._recording.nodes(ready)
        self._explain(wanted)
        self._report("running")

    def _look_over(self, roots: Sequence[Node]) -> Wanted:
        self._signer.sign(self._nodes)
        wanted = demand(self._nodes, roots, self._jobs.standing)
        for node in self._nodes:  # in their order, so that what fails carries on to the end
            if node in wanted and not node.status.settled and not isinstance(node, MapNode):
                self._skip_if_broken(node)
        return wanted

    def _skip_if_broken(self, node: Node) -> None:
        known = isinstance(node, JobNode) and node.known and self._jobs.is_known(node)
        if known and not any(parent.doubtful for parent in node.parents):
            return
        culprit = next((p.culprit for p in node.parents if p.culprit is not None), None)
        if node.group is not None and node.group.status.error is not None:
            culprit = node.group
        if culprit is not None:
            node.status.skipped_for, node.status.state = culprit, NodeState.SKIPPED

    def _call_steps(self, wanted: Wanted) -> bool:
        self._announce(wanted)
        called = False
        for node in self._nodes:  # a value may be what the next one needs
            if isinstance(node, StepNode) and may_be_called(node, wanted) and _has_all(node):
                node.status.state = NodeState.RUNNING
                if time.monotonic() - self._reported > _REPORT_COST * self._cost:
                    self._report("running")
                if self._steps.call(node):
                    self._reconsider(node)
                called = True
        return called

    def _announce(self, wanted: Wanted) -> None:
        """Name the steps that another computer has called and that are called here again."""
        coming = [node for node in self._to_be_called(wanted) if node not in self._announced]
        if coming and was_run_elsewhere(self._context, self._nodes):
            self._announced.update(coming)
            self._context.say(sentence(coming))

    def _to_be_called(self, wanted: Wanted) -> list[StepNode]:
        """The steps whose functions are called in this run, sooner or later."""
        return [n for n in self._nodes if isinstance(n, StepNode) and may_be_called(n, wanted)]

    def _reconsider(self, changed: Node) -> None:
        """A value is another one than it was: look again at what is known after it."""
        after: set[Node] = {changed}
        for node in self._nodes:
            if any(parent in after for parent in node.parents):
                after.add(node)
                if node.ready and node.status.state is not NodeState.RAN:
                    node.status = Status(
                        node.status.signature if isinstance(node, JobNode) else "",
                        node.status.components,
                    )

    # --- how it ends ------------------------------------------------------------------------------

    def _conclude(self, roots: Sequence[Node], good: str) -> None:
        waiting = suspensions(self._context.top.members)
        failures = unique(node.status.error for node in self._nodes)
        held_up = unique(node.status.held_up for node in self._nodes)
        if all(root.ready for root in roots):
            self._report(good)
        elif waiting:
            for error in failures:
                self._context.say(f"{error}; whatever does not depend on it goes on")
            for error in held_up:
                self._context.say(f"{error}; what is to be done there is done at the next run")
            self._report("suspended")
            suspend(WorkflowSuspended(waiting, self._context.top.name))
        elif failures:
            self._report("failed")
            raise all_failed(self._context.top.name, (*failures, *held_up), self._nodes)
        else:
            self._report("suspended")
            for error in held_up:
                raise error
            raise AssertionError("a workflow has come to a halt, and nothing says why")

    def _explain(self, wanted: Wanted) -> None:
        """Say of nodes that could not be done what they wait for."""
        for node in self._nodes:
            if isinstance(node, MapNode) or node.status.settled:
                continue
            if wanted.get(node, Want.SIGNATURE) is Want.SIGNATURE:
                continue
            waits_for = next((p.path for p in node.parents if not p.ready), "")
            if waits_for:
                node.status.state, node.status.reason = NodeState.WAITING, f"for {waits_for}"

    def _rehearse(self, roots: Sequence[Node], also: Sequence[Node]) -> None:
        """A dry run: look, count, and stop where something would be done."""
        everything = [*roots, *also]
        self._jobs.look_for(self._nodes, self._look_over(everything))
        wanted = self._look_over(everything)
        self._jobs.from_cache(wanted)
        self._jobs.show(self._nodes)
        self._plan = self._planner.plan(self._nodes, wanted)
        if was_run_elsewhere(self._context, self._nodes, seen=self._jobs.seen):
            again = tuple(node.path for node in self._to_be_called(wanted))
            self._plan = replace(self._plan, called_again=again)
        report = self._report("planned")
        if not all(root.ready for root in roots):
            raise DryRun(report)

    def refresh_report(self) -> None:
        """Show how the jobs stand now that somebody has looked."""
        self._jobs.show(self._nodes)
        self._report("running")

    def _report(self, status: str) -> WorkflowReport:
        context, begun = self._context, time.monotonic()
        machine = context.settings.on or context.top.machine_word or ""
        report = report_of(context.top, status, self._plan, machine)
        context.top.report = report
        step = inside()
        if step is not None:
            step.reports[context.top.path] = report
        elif context.settings.on_report is not None:
            context.settings.on_report(report)
        self._reported = time.monotonic()
        self._cost = self._reported - begun
        return report


def _has_all(node: Node) -> bool:
    return all(parent.ready for parent in node.parents)


def _forget_what_was_waited_for(node: Node) -> None:
    """Begin anew with what is not there; what has been found out by then stays.

    A job is shown as it was until somebody has looked at it again.
    """
    before = node.status
    if before.has_value:
        return
    node.status = Status(before.signature, before.components)
    if isinstance(node, JobNode):
        node.status.state, node.status.machine = before.state, before.machine
    if isinstance(node, StepNode):
        node.status.signature = ""  # so that it is looked for anew
