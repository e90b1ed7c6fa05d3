"""What only the one monitor of a store has: machines to ask, results to fetch, messages to send."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sojourn.monitor.clock import Clock
from sojourn.monitor.configuration import Configuration
from sojourn.monitor.desk import Desk
from sojourn.monitor.fetching import Fetching
from sojourn.monitor.hands import Hands
from sojourn.monitor.memory import Memory, remembered_interval
from sojourn.monitor.options import MonitorOptions
from sojourn.monitor.readiness import Readiness
from sojourn.monitor.resumer import ResumeOptions, Resumer
from sojourn.monitor.schedule import Instant
from sojourn.monitor.summary import Summary, summary_of
from sojourn.monitor.watch import Watch
from sojourn.states import FINAL
from sojourn.values.notification import Notice, Notification

if TYPE_CHECKING:
    from sojourn.notify.messenger import Messenger
    from sojourn.session.session import Session
    from sojourn.store.history import EventRecord

GRACE = 5.0
"""Seconds that what is under way has to end when the monitor does."""

SETTLE = 60.0
"""Seconds for messages to be brought by a monitor that works once."""


class Work:
    """Everything that a working monitor does, in the monitor's thread; `wake` is set whenever
    something that was under way has ended.

    Raises:
        ConfigError: a mistake in `notify.yaml`.
    """

    def __init__(
        self,
        session: "Session",
        options: MonitorOptions,
        clock: Clock,
        wake: threading.Event,
        *,
        report: Callable[[str], None],
        on_message: Callable[[Notification], None],
    ) -> None:
        self._session = session
        self._store = session.store
        self._options = options
        self._clock = clock
        self._wake = wake
        self._report = report
        self.memory = Memory(session.store)
        self.hands = Hands(wake)
        self.watch = Watch(session, self.hands, clock, interval=options.interval, report=report)
        self.fetching = Fetching(session, self.hands, report=report, told=self.memory.fetched)
        self.readiness = Readiness(session.store)
        self._resumes = options.resume is not None
        self.resumer = Resumer(  # also where none is to be resumed: one may be under way
            session.store, self.hands, self.memory, options.resume or ResumeOptions(), report=report
        )
        self.messenger, after = self._make_messenger(on_message)
        self._desk = Desk(
            session, self.memory, self.messenger, unreachable_after=after, on_notice=self._said
        )
        self._configuration = Configuration(session, report=report)

    def _make_messenger(
        self, on_message: Callable[[Notification], None]
    ) -> "tuple[Messenger | None, float]":
        from sojourn.notify.messenger import Messenger
        from sojourn.notify.options import UNREACHABLE_AFTER
        from sojourn.notify.settings import load_settings

        if not self._options.notify:
            return None, UNREACHABLE_AFTER
        registry = self._session.registry
        settings = load_settings(registry)
        messenger = Messenger(
            registry,
            settings,
            report=self._report,
            on_message=on_message,
            mark=self.memory.told,
            ahead=self.memory.ahead,
        )
        return messenger, settings.general.unreachable_after

    def _said(self, notice: Notice) -> None:
        """Without messages, what concerns machines and workflows is told as a line."""
        if self.messenger is None and not notice.signature:
            from sojourn.notify.composing import compose

            line = compose([notice], notice.at)
            self._report(line.body if line is not None else "")

    @property
    def heard(self) -> int:
        """The event up to which everything was dealt with, by this monitor or one before."""
        return min(self.memory.told, self.memory.fetched)

    # --- in the loop --------------------------------------------------------------------------

    def hear(self, events: "Sequence[EventRecord]", now: Instant) -> None:
        """Take up what was recorded, and how everything stands."""
        if self._options.interval is None:
            self.watch.interval = remembered_interval(self._store)
        loads, machines = self._store.census(), self._store.machines()
        self.watch.look(loads, machines, now)
        if any(event.new in FINAL for event in events):
            self.watch.jobs_ended(now)
        upto = events[-1].id if events else 0
        self.fetching.gather(events if self._options.fetch else (), upto)
        self.readiness.look(events)
        others = self.resumer.notices(now)
        ready = None if self._resumes else self.readiness
        self._desk.hear(events, others, loads, machines, self.watch, ready, now)
        self.resumer.told(others)

    def step(self, now: Instant) -> None:
        """Do what is due."""
        if self._configuration.look(now.running):
            self.watch.configured(now)
        self.watch.start(now)
        self.fetching.start(now, self._store.pauses())
        self._resume(now)
        if self.messenger is not None:
            self.messenger.tell(now.running)
        self._keep()

    def woken(self, now: Instant) -> None:
        """The computer has slept, or its clock has jumped."""
        self.watch.woken(now)
        self.fetching.hurry(now)

    @property
    def next(self) -> float:
        """When something is due, by the running clock; infinity if nothing is."""
        ends = (self.watch.next, self.messenger.ends if self.messenger is not None else None)
        return min((end for end in ends if end is not None), default=float("inf"))

    # --- once ---------------------------------------------------------------------------------

    def once(self, look: Callable[[], None], stopping: threading.Event) -> Summary:
        """Do everything that is due, once; `look` takes up what was recorded meanwhile."""
        begun = dict(self.watch.plans)  # where all has ended, no plan is left to tell of
        self.watch.start(self._clock.now())
        self._finish(look, stopping)
        while not stopping.is_set():  # so many results of each machine a round
            self.fetching.start(self._clock.now(), self._store.pauses())
            if self.hands.idle:
                break
            self._finish(look, stopping)
        self._resume(self._clock.now())
        look()
        if self.messenger is not None:
            self.messenger.tell(self._clock.running(), at_once=True)
            self.messenger.settle(SETTLE)
        plans, paused = {**begun, **self.watch.plans}, self._store.pauses().machines
        return summary_of(plans, paused, self.fetching, self.resumer)

    def _finish(self, look: Callable[[], None], stopping: threading.Event) -> None:
        while not self.hands.idle and not stopping.is_set():
            self._wake.wait(1.0)
            self._wake.clear()
            self.hands.settle()
        look()

    # --- both ---------------------------------------------------------------------------------

    def _resume(self, now: Instant) -> None:
        if self._resumes:
            missing = self.fetching.missing
            self.resumer.start(
                self.readiness.waiting, now, missing=lambda wait: missing(wait.signatures)
            )

    def _keep(self) -> None:
        self.memory.fetched = self.fetching.told
        if self.messenger is not None:
            self.memory.told, self.memory.ahead = self.messenger.told, self.messenger.ahead
        self.memory.keep()

    def end(self, look: Callable[[], None]) -> None:
        """Let what is under way end, tell what was gathered, and note how far it came."""
        self.hands.wait(GRACE)
        self.hands.settle()
        look()
        if self.messenger is not None:
            self.messenger.tell(self._clock.running(), at_once=True)
            self.messenger.close(GRACE)
        self._keep()
