"""What the monitor has heard and has to tell: the store's events, machines, workflows."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sojourn.monitor import news
from sojourn.monitor.memory import Memory
from sojourn.monitor.readiness import Readiness
from sojourn.monitor.schedule import Instant
from sojourn.monitor.watch import Watch
from sojourn.notify.messenger import Messenger
from sojourn.states import State
from sojourn.store.census import Load
from sojourn.store.history import EventRecord
from sojourn.store.machines import MachineRecord
from sojourn.values.notification import Notice, Topic

if TYPE_CHECKING:
    from sojourn.session.session import Session


class Desk:
    """Gathers what there is to tell, each thing once, also across restarts. For one thread."""

    def __init__(
        self,
        session: "Session",
        memory: Memory,
        messenger: Messenger | None,
        *,
        unreachable_after: float,
        on_notice: Callable[[Notice], None],
    ) -> None:
        self._session = session
        self._memory = memory
        self._messenger = messenger
        self._after = unreachable_after
        self._on_notice = on_notice
        self._heard = memory.told

    def hear(
        self,
        events: Sequence[EventRecord],
        others: Sequence[Notice],
        loads: Mapping[str, Load],
        machines: Mapping[str, MachineRecord],
        watch: Watch,
        ready: Readiness | None,
        now: Instant,
    ) -> None:
        """Take up what has happened; `ready` are workflows to be told of, None if they are resumed."""
        # The store may fail at any place: what was taken up is noted only when all is known.
        fresh = [event for event in events if event.id > self._heard]
        notices = news.notices_of(
            fresh,
            asked_for=self._asked_for,
            retried=self._is_retried,
            since=now.wall - news.STALE,
        )
        notices += others
        found, told = news.conditions(
            machines, self._memory.machines, wanted=loads, now=now.wall, after=self._after
        )
        notices += found
        found, unusable = self._unusable(loads, machines, watch, now)
        notices += found
        if ready is not None:
            found, self._memory.ready = self._ready(ready, now)
            notices += found
        needing = self._session.store.needing_person()
        notices += news.stuck(needing, self._memory.stuck, now.wall)
        self._memory.stuck = {news.stuck_key(job) for job in needing}
        self._memory.machines, self._memory.unusable = told, unusable
        self._heard = max([self._heard, *(event.id for event in events)])
        for notice in notices:
            self._on_notice(notice)
        if self._messenger is not None:
            self._messenger.gather(notices, self._heard, now.running)

    def _asked_for(self, event: EventRecord) -> bool:
        record = self._session.store.get(event.signature, event.machine)
        return record is None or record.cancel_requested

    def _is_retried(self, event: EventRecord) -> bool:
        """Whether what an event tells of has been retried since."""
        record = self._session.store.get(event.signature, event.machine)
        return record is not None and record.attempt > event.attempt

    def _unusable(
        self,
        loads: Mapping[str, Load],
        machines: Mapping[str, MachineRecord],
        watch: Watch,
        now: Instant,
    ) -> tuple[list[Notice], dict[str, str]]:
        """Machines that cannot be asked as they are configured, and why: each reason told once."""
        known, notices = self._memory.unusable, []
        current = {name: plan.unusable for name, plan in watch.plans.items() if plan.unusable}
        configured = self._session.machines.names()
        for name, why in current.items():
            if known.get(name) != why and name in loads:
                jobs = loads[name].out + loads[name].waiting
                notices.append(news.unusable(name, why, jobs, machines, configured, now.wall))
        settled = {name for name, plan in watch.plans.items() if plan.ended and not plan.unusable}
        kept = {name: why for name, why in known.items() if name not in settled}
        return notices, {**kept, **current}

    def _ready(self, readiness: Readiness, now: Instant) -> tuple[list[Notice], dict[str, str]]:
        """Workflows that can go on, and their suspensions: each told once."""
        waiting, notices = readiness.waiting, []
        ready = {
            name: wait
            for name, wait in waiting.items()
            if wait.ready and wait.signatures and not wait.record.paused
        }
        for name, wait in ready.items():
            if self._memory.ready.get(name) != wait.key:
                detail = f"{self._counts(wait.signatures)}; `sojourn resume {name}` goes on with it"
                notices.append(Notice(Topic.WORKFLOW_READY, name, now.wall, detail, workflow=name))
        return notices, {name: wait.key for name, wait in ready.items()}

    def _counts(self, signatures: frozenset[str]) -> str:
        """How the jobs of a suspension have ended."""
        counts: dict[State, int] = {}
        for signature in signatures:
            records = self._session.store.by_signature(signature)
            states = {record.state for record in records}
            if states:
                state = State.COMPLETED if State.COMPLETED in states else records[0].state
                counts[state] = counts.get(state, 0) + 1
        return ", ".join(f"{counts[state]} {state}" for state in State if state in counts)
