"""The jobs of one evaluation: taken over, looked at, handed in; each machine is asked at once."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from sojourn.errors import InvalidJob, JobError, MachineError
from sojourn.session.adopt import adopt, attempts_on
from sojourn.session.standing import handle_of
from sojourn.session.submitting import Origin
from sojourn.states import FINAL, HANDED_IN
from sojourn.suspension import JobHandle
from sojourn.workflow.demand import Standing, Want, Wanted, needing_steps
from sojourn.workflow.kinds import JobNode, StepNode
from sojourn.workflow.nodes import Node
from sojourn.workflow.outcomes import fails, is_done, is_held_up, shows, waits
from sojourn.workflow.report import NodeState
from sojourn.workflow.standings import Standings
from sojourn.workflow.unremembered import is_first_here, may_be_called

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.workflow.context import Context


class Jobs(Standings):
    """Asks machines about the jobs of one evaluation, each machine at once."""

    def __init__(self, context: "Context") -> None:
        super().__init__(context)
        self._asked: set[str] = set()
        self._looked: set[JobNode] = set()

    # --- taken over -------------------------------------------------------------------------------

    def take_over(self, nodes: Sequence[Node], wanted: Wanted) -> bool:
        """Ask machines for jobs for which steps would have to be called: each once. Where the
        workflow is run for the first time, for all jobs before a step is called: another
        computer may have run it."""
        jobs = needing_steps(nodes, wanted, self.standing)
        if is_first_here(self._context) and any(may_be_called(node, wanted) for node in nodes):
            jobs = list(dict.fromkeys([*jobs, *self.absent(nodes, wanted)]))
        unasked = [node for node in jobs if node.status.signature not in self._asked]
        for machine, group in by_machine(unasked):
            self._asked.update(node.status.signature for node in group)
            try:
                adopt(self._session, signed(group), machine, self._origins(group))
            except MachineError as error:
                for node in group:
                    is_held_up(node, error)
        self._forget()
        return bool(unasked)

    # --- looked for, in a dry run -----------------------------------------------------------------

    def look_for(self, nodes: Sequence[Node], wanted: Wanted) -> None:
        """Ask machines for jobs that are not known here, and record nothing."""
        for machine, group in by_machine(self.absent(nodes, wanted)):
            signatures = [node.status.signature for node in group]
            try:
                self.seen |= attempts_on(self._session.link(machine), signatures).keys()
            except MachineError as error:
                self._context.say(f"{error}; counted by what is known here")
        self._forget()

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
                    shows(node, record)

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
        self._forget()
        if self._renew([*values, *along]):
            return True
        for machine, group in by_machine(values):
            ended = [node for node in group if not self._wait_for(node)]
            # One that its parent has cancelled is absent now: it is the parent that is told.
            self._tell(machine, [node for node in ended if self.is_known(node)])
        for node in along:
            if node not in values:
                self._wait_for(node)
        self._forget()
        return True

    def _renew(self, nodes: Sequence[JobNode]) -> bool:
        """Give jobs that are asked for otherwise now their next attempts, to be submitted like
        new ones; whether there are any."""
        renewed = False
        for machine, group in by_machine(nodes):
            try:
                again = self._session.renew(signed(group), machine, policy=self._context.policy)
            except MachineError as error:
                self._context.say(f"{error}; what waits there stays as it was")
                continue
            renewed = bool(again) or renewed
        self._forget()
        return renewed

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
        waits(node, handle_of(self._context.store, record, record.machine, record.signature))
        return True

    # --- handed in --------------------------------------------------------------------------------

    def submit(self, nodes: Sequence[JobNode]) -> bool:
        """Hand jobs in, one trip a machine."""
        for machine, group in by_machine(nodes):
            self._tell(machine, self._signed_again(machine, group))
        self._forget()
        return bool(nodes)

    def _signed_again(self, machine: str, nodes: Sequence[JobNode]) -> list[JobNode]:
        """Sign with the values that steps have had by now; a node that cannot be fails."""
        try:
            self._sign(machine, nodes)
        except InvalidJob:
            for node in nodes:
                try:
                    self._sign(machine, [node])
                except InvalidJob as error:
                    fails(node, error)
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
        began_at = time.time()
        here = {node: None for node in nodes if self._context.cached(node) is not None}
        try:
            outcomes = self._session.outcomes(
                signed(nodes),
                machine,
                accept_stale=self._context.settings.accept_stale,
                origins=self._origins(nodes),
                policy=self._context.policy,
            )
        except MachineError as error:
            for node in nodes:
                if node not in here:
                    is_held_up(node, error)
            self._tell(machine, list(here) if len(here) < len(nodes) else [])
            return
        for node, outcome in zip(nodes, outcomes, strict=True):
            if isinstance(outcome, JobHandle):
                new = before[node] is Standing.ABSENT and outcome.state in HANDED_IN
                waits(node, outcome, submitted=new and self._is_ours(outcome, began_at))
            elif isinstance(outcome, JobError):
                fails(node, outcome)
            else:
                is_done(node, outcome, NodeState.CACHED if node in here else NodeState.DONE)

    def _is_ours(self, handle: JobHandle, began_at: float) -> bool:
        """Whether a job was submitted since, and not by another computer before."""
        record = self._context.store.get(handle.signature, handle.machine)
        return record is None or record.submitted_at is None or record.submitted_at >= began_at

    # --- inside -----------------------------------------------------------------------------------

    def _open(self, wanted: Wanted, much: Want) -> list[JobNode]:
        return [
            node
            for node, how in wanted.items()
            if isinstance(node, JobNode) and how is much and node.known and not node.status.settled
        ]

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
