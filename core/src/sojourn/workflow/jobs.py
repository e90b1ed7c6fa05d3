"""The jobs of one evaluation: where they stand, taken over, looked at, handed in."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from sojourn.errors import InvalidJob, JobError, MachineError, SojournError, StaleResult
from sojourn.session.standing import handle_of
from sojourn.session.submitting import Origin
from sojourn.session.taking_over import lying_on, take_over
from sojourn.states import FINAL, HANDED_IN, State
from sojourn.store.records import JobRecord
from sojourn.suspension import JobHandle, JobSuspended
from sojourn.workflow.demand import Standing, Want, Wanted, edge, needing_steps
from sojourn.workflow.nodes import JobNode, Node, StepNode
from sojourn.workflow.report import NodeState

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.results.result import Result
    from sojourn.workflow.context import Context

_SHOWN = {
    State.RUNNING: NodeState.RUNNING,
    State.FINISHING: NodeState.RUNNING,
    State.NEW: NodeState.WAITING,
    State.COMPLETED: NodeState.DONE,
    **dict.fromkeys(FINAL - {State.COMPLETED}, NodeState.FAILED),
}


class Jobs:
    """Asks machines and the store about the jobs of one evaluation, each machine at once."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._session = context.session
        self._standings: dict[JobNode, Standing] = {}
        self._asked: set[str] = set()
        self._looked: set[JobNode] = set()
        self._seen: set[str] = set()
        """What a dry run has seen on machines and not recorded."""

    # --- where they stand -------------------------------------------------------------------------

    def standing(self, node: JobNode) -> Standing:
        """Where a job stands by what is known here."""
        if node not in self._standings:
            self._standings[node] = self._stands(node)
        return self._standings[node]

    def _stands(self, node: JobNode) -> Standing:
        found = self._session.settled_by(node.status.signature, node.machine)
        if found is None:
            there = node.status.signature in self._seen
            return Standing.ACTIVE if there else Standing.ABSENT
        if not isinstance(found, JobRecord):
            return Standing.ELSEWHERE
        if found.state in FINAL and found.state is not State.COMPLETED:
            return Standing.BROKEN
        if found.machine != node.machine:
            return Standing.ELSEWHERE
        return Standing.THERE if found.state is State.COMPLETED else Standing.ACTIVE

    # --- taken over -------------------------------------------------------------------------------

    def take_over(self, nodes: Sequence[Node], wanted: Wanted) -> bool:
        """Ask machines for jobs for which steps would have to be called: each once."""
        jobs = needing_steps(nodes, wanted, self.standing)
        unasked = [node for node in jobs if node.status.signature not in self._asked]
        for machine, group in by_machine(unasked):
            self._asked.update(node.status.signature for node in group)
            try:
                take_over(self._session, signed(group), machine, self._origins(group))
            except MachineError as error:
                self._hold_up(group, error)
        self._standings.clear()
        return bool(unasked)

    # --- looked for, in a dry run -----------------------------------------------------------------

    def look_for(self, nodes: Sequence[Node], wanted: Wanted) -> None:
        """Ask machines for jobs that are not known here, and record nothing."""
        for machine, group in by_machine(self.absent(nodes, wanted)):
            signatures = [node.status.signature for node in group]
            try:
                self._seen |= lying_on(self._session, signatures, machine).keys()
            except MachineError as error:
                self._context.say(f"{error}; counted by what is known here")
        self._standings.clear()

    def from_cache(self, wanted: Wanted) -> None:
        """Give jobs whose results are here their values, asking nobody."""
        here = [
            node
            for node in self._open(wanted, Want.VALUE)
            if self.is_known(node) and self._context.cached(node) is not None
        ]
        for machine, group in by_machine(here):
            self._tell(machine, group)

    def show(self, nodes: Sequence[Node]) -> None:
        """Let nodes show how their jobs stand by what is known here."""
        for node in nodes:
            if isinstance(node, JobNode) and node.known and not (node.ready or node.status.broken):
                record = self._record(node)
                if record is not None:
                    shown = _SHOWN.get(record.state, NodeState.QUEUED)
                    if (node.status.state, shown) != (NodeState.SUBMITTED, NodeState.QUEUED):
                        node.status.state = shown
                    node.status.machine, node.status.reason = record.machine, record.reason

    # --- looked at --------------------------------------------------------------------------------

    def look(self, wanted: Wanted) -> bool:
        """Poll what is out, bring what is done and wanted here: one trip of each kind a machine."""
        values = [
            node
            for node in self._open(wanted, Want.VALUE)
            if self.is_known(node) and not any(parent.doubtful for parent in node.parents)
        ]
        along = [
            node
            for node in self._open(wanted, Want.JOB)
            if node not in self._looked and self.standing(node) is Standing.ACTIVE
        ]
        if not values and not along:
            return False
        self._looked.update(along)
        self._poll([*values, *along])
        self._standings.clear()
        for machine, group in by_machine(values):
            ended = [node for node in group if not self._wait_for(node)]
            # One that its parent has cancelled is absent now: it is the parent that is told.
            self._tell(machine, [node for node in ended if self.is_known(node)])
        for node in along:
            if node not in values:
                self._wait_for(node)
        self._standings.clear()
        return True

    def _poll(self, nodes: Sequence[JobNode]) -> None:
        found = [self._record(node) for node in nodes]
        out = {(r.signature, r.machine): r for r in found if r is not None}
        records = [record for record in out.values() if record.state in HANDED_IN]
        for error in self._session.refresh_each(records).values():
            self._context.say(f"{error}; what is out there stays as it was")

    def _wait_for(self, node: JobNode) -> bool:
        """Whether the job is still on its way: then the node waits for it."""
        record = self._record(node)
        if record is None or record.state in FINAL:
            return False
        self._suspend(node, handle_of(record, record.machine, record.signature))
        return True

    def _record(self, node: JobNode) -> JobRecord | None:
        found = self._session.settled_by(node.status.signature, node.machine)
        return found if isinstance(found, JobRecord) else None

    # --- handed in --------------------------------------------------------------------------------

    def ready(self, nodes: Sequence[Node], wanted: Wanted) -> list[JobNode]:
        """The jobs to be handed in for which everything is there, parents first."""
        found: dict[Node, None] = {}
        for node in nodes:
            if self._is_to_be_handed_in(node, wanted) and all(
                self._has(node, parent, found) for parent in node.parents
            ):
                found[node] = None
        return [node for node in found if isinstance(node, JobNode)]

    def absent(self, nodes: Sequence[Node], wanted: Wanted) -> list[JobNode]:
        """All jobs to be handed in, sooner or later."""
        return [
            node
            for node in nodes
            if isinstance(node, JobNode) and self._is_to_be_handed_in(node, wanted)
        ]

    def submit(self, nodes: Sequence[JobNode]) -> bool:
        """Hand jobs in, one trip a machine."""
        for machine, group in by_machine(nodes):
            self._tell(machine, self._signed_again(machine, group))
        self._standings.clear()
        return bool(nodes)

    def _is_to_be_handed_in(self, node: Node, wanted: Wanted) -> bool:
        return (
            isinstance(node, JobNode)
            and node.known
            and not node.status.settled
            and wanted.get(node, Want.SIGNATURE) is not Want.SIGNATURE
            and self.standing(node) is Standing.ABSENT
        )

    def _has(self, node: Node, parent: Node, before: dict[Node, None]) -> bool:
        assert isinstance(node, JobNode)
        if edge(parent, node, self.standing) is Want.VALUE:
            return parent.ready
        assert isinstance(parent, JobNode)
        return parent in before or self.standing(parent) is not Standing.ABSENT

    def _signed_again(self, machine: str, nodes: Sequence[JobNode]) -> list[JobNode]:
        """Sign with the values that steps have had by now; a node that cannot be fails."""
        try:
            self._sign(machine, nodes)
        except InvalidJob:
            for node in nodes:
                try:
                    self._sign(machine, [node])
                except InvalidJob as error:
                    self._fail(node, error)
        return [node for node in nodes if node.status.error is None]

    def _sign(self, machine: str, nodes: Sequence[JobNode]) -> None:
        again = self._session.sign([node.job for node in nodes], machine)
        for node, one in zip(nodes, again, strict=True):
            if one.signature != node.status.signature:
                raise InvalidJob(
                    f"an input of {node.path} has changed while the workflow was running",
                    hint="run it again",
                )
            node.signed = one

    def _sign_with_values(self, machine: str, nodes: Sequence[JobNode]) -> None:
        """Sign those again whose steps have had values since, so that what is stale is noticed."""
        late = [
            node
            for node in nodes
            if any(isinstance(parent, StepNode) and parent.ready for parent in node.parents)
            and node.signed is not None
            and any(given.kind == "output" for given in node.signed.inputs)
        ]
        with suppress(InvalidJob):  # what cannot be put there now does not matter to what is known
            self._sign(machine, late)

    # --- what came of them ------------------------------------------------------------------------

    def _tell(self, machine: str, nodes: Sequence[JobNode]) -> None:
        """Let the session do what is to be done, and give the nodes what came of it."""
        if not nodes:
            return
        self._sign_with_values(machine, nodes)
        before = {node: self.standing(node) for node in nodes}
        here = {node for node in nodes if self._context.cached(node) is not None}
        try:
            outcomes = self._session.outcomes(
                signed(nodes),
                machine,
                accept_stale=self._context.settings.accept_stale,
                origins=self._origins(nodes),
            )
        except MachineError as error:
            self._hold_up(nodes, error)
            return
        for node, outcome in zip(nodes, outcomes, strict=True):
            if isinstance(outcome, JobHandle):
                self._suspend(node, outcome)
                if before[node] is Standing.ABSENT and outcome.state in HANDED_IN:
                    node.status.state = NodeState.SUBMITTED
            elif isinstance(outcome, JobError):
                self._fail(node, outcome)
            else:
                self._finish(node, outcome, NodeState.CACHED if node in here else NodeState.DONE)

    def _suspend(self, node: JobNode, handle: JobHandle) -> None:
        node.status.suspension = JobSuspended(handle)
        node.status.machine, node.status.reason = handle.machine, handle.reason
        node.status.state = _SHOWN.get(handle.state, NodeState.QUEUED)

    def _fail(self, node: JobNode, error: SojournError) -> None:
        node.status.error, node.status.reason = error, str(error)
        stale = isinstance(error, StaleResult)
        node.status.state = NodeState.STALE if stale else NodeState.FAILED

    def _finish(self, node: JobNode, result: "Result", state: NodeState) -> None:
        node.status.value, node.status.state = result, state
        node.status.machine = result.machine

    def _hold_up(self, nodes: Sequence[JobNode], error: MachineError) -> None:
        for node in nodes:
            node.status.held_up, node.status.reason = error, str(error)
            node.status.state = NodeState.WAITING

    # --- inside -----------------------------------------------------------------------------------

    def _open(self, wanted: Wanted, much: Want) -> list[JobNode]:
        return [
            node
            for node, how in wanted.items()
            if isinstance(node, JobNode) and how is much and node.known and not node.status.settled
        ]

    def is_known(self, node: JobNode) -> bool:
        """Whether nothing needs to be handed in for it."""
        return self.standing(node) is not Standing.ABSENT

    def _origins(self, nodes: Sequence[JobNode]) -> dict[str, Origin]:
        context = self._context
        return {
            node.status.signature: Origin(context.workflow, node.name, context.version)
            for node in nodes
        }


def signed(nodes: Sequence[JobNode]) -> list["SignedJob"]:
    """What was found out when the nodes were signed."""
    return [node.signed for node in nodes if node.signed is not None]


def by_machine(nodes: Sequence[JobNode]) -> Iterator[tuple[str, list[JobNode]]]:
    """The nodes of each machine."""
    for machine in dict.fromkeys(node.machine for node in nodes):
        yield machine, [node for node in nodes if node.machine == machine]
