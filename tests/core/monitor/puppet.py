"""A backend on strings: machines that answer, fail, hang or want a person as the test says."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from sojourn.contract import BackendInfo, hookimpl
from sojourn.errors import MachineError
from sojourn.site.context import MachineContext
from sojourn.values.messages import (
    Change,
    Changed,
    ExitReport,
    FetchAnswer,
    FetchRequest,
    JobOrder,
    JobRef,
    Phase,
    PollAnswer,
    SchedulerWord,
    Settled,
    Settlement,
    SiteEvidence,
)


@dataclass
class Strings:
    """What one machine does. `error` is raised by every contact, `hold` waited for by it."""

    error: MachineError | None = None
    hold: threading.Event | None = None
    over_transport: bool = False
    """Whether a contact opens a channel of the machine's transport."""
    cost: float = 0.0
    """Seconds that the scheduler takes for each poll, by what is counted."""
    full: bool = False
    found: Settled = Settled.ABSENT
    """What is found of a job that is looked for by name."""
    submitted_at: float | None = None
    """When the scheduler says that jobs were handed in."""
    phases: dict[str, Phase] = field(default_factory=dict)
    default: Phase = Phase.RUNNING
    polls: list[list[str]] = field(default_factory=list)
    """The signatures asked about, poll by poll."""
    submitted: Counter[str] = field(default_factory=Counter)
    tried: list[float] = field(default_factory=list)
    """When jobs were to be handed in, by the running clock."""
    fetched: list[list[str]] = field(default_factory=list)
    """The signatures whose results were asked for, trip by trip."""
    fetch_error: MachineError | None = None
    broken: set[str] = field(default_factory=set)
    """Signatures whose results cannot be brought."""
    asked: list[float] = field(default_factory=list)
    """When it was polled."""


class Puppet:
    """The backend `puppet`; machines by name."""

    def __init__(self) -> None:
        self.machines: dict[str, Strings] = {}
        self.on_poll: Callable[[str], None] = lambda machine: None

    def at(self, machine: str) -> Strings:
        """The strings of one machine."""
        return self.machines.setdefault(machine, Strings())

    def _contact(self, context: MachineContext) -> Strings:
        strings = self.at(context.machine.name)
        context.root, context.root_id = "/root", f"root of {context.machine.name}"
        if strings.hold is not None:
            strings.hold.wait(60)
        if strings.error is not None:
            raise strings.error
        if strings.over_transport:
            with closing(context.transport.open("exec true")) as channel:
                channel.send_eof()
                channel.wait()
        return strings

    @hookimpl
    def sojourn_backend_info(self) -> BackendInfo:
        return BackendInfo("puppet", "on strings", frozenset({"walltime"}), 1)

    @hookimpl
    def sojourn_submit(
        self, context: MachineContext, orders: Sequence[JobOrder]
    ) -> Sequence[Settlement]:
        strings = self._contact(context)
        strings.tried.append(time.monotonic())
        if strings.full:
            return [Settlement(o.signature, o.attempt, Settled.FULL, reason="full") for o in orders]
        strings.submitted.update(order.signature for order in orders)
        return [
            Settlement(
                order.signature,
                order.attempt,
                Settled.HANDED_IN,
                token="t",
                scheduler_id=f"{context.machine.name}.{order.signature[:6]}",
            )
            for order in orders
        ]

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[Settlement]:
        strings = self._contact(context)
        known = "found" if strings.found is Settled.HANDED_IN else ""
        return [
            Settlement(job.signature, job.attempt, strings.found, scheduler_id=known)
            for job in jobs
        ]

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[PollAnswer]:
        strings = self.at(context.machine.name)
        strings.polls.append([job.signature for job in jobs])
        strings.asked.append(time.monotonic())
        self.on_poll(context.machine.name)
        self._contact(context)
        context.scheduler_seconds += strings.cost
        return [self._answer(job, strings) for job in jobs]

    def _answer(self, job: JobRef, strings: Strings) -> PollAnswer:
        phase = strings.phases.get(job.signature, strings.default)
        site = None
        if phase is Phase.ENDED:
            report = ExitReport(0, "command", "", 1.0, 2.0, ok=True)
            site = SiteEvidence(True, started=True, exit=report)
        if phase is Phase.ABSENT:
            site = SiteEvidence(True)
        word = SchedulerWord(phase, submitted_at=strings.submitted_at)
        return PollAnswer(job.signature, job.attempt, word, site)

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> Sequence[FetchAnswer]:
        strings = self._contact(context)
        strings.fetched.append([request.signature for request in requests])
        if strings.fetch_error is not None:
            raise strings.fetch_error
        report = ExitReport(0, "command", "", 1.0, 2.0, ok=True)
        return [
            FetchAnswer(one.signature, error="damaged")
            if one.signature in strings.broken
            else FetchAnswer(one.signature, exit=report)
            for one in requests
        ]

    @hookimpl
    def sojourn_cancel(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[Change]:
        self._contact(context)
        return [Change(job.signature, job.attempt, Changed.DONE) for job in jobs]
