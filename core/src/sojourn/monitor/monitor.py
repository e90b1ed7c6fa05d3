"""The monitor: one loop over all machines and workflows of a store."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from sojourn.errors import StoreError
from sojourn.monitor import schedule
from sojourn.monitor.clock import Clock
from sojourn.monitor.lock import MonitorLock, holder
from sojourn.monitor.options import MonitorOptions
from sojourn.monitor.schedule import Instant
from sojourn.monitor.summary import Summary
from sojourn.monitor.work import Work
from sojourn.values.events import JobEvent
from sojourn.values.notification import Notification

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.store.history import EventRecord

Value = TypeVar("Value")

_log = logging.getLogger("sojourn.monitor")

LOOK = 1.0
"""Seconds between two looks at whether others have recorded anything; a look costs next to nothing."""

FULL_LOOK = 60.0
"""Seconds after which everything is looked at, whether anything was recorded or not."""


class Monitor:
    """Polls what is out, fetches, notifies and resumes; see `MonitorOptions`.

    `report` takes lines for people. `on_event` is told every change of a job's state, whoever
    has recorded it, `on_notification` what a message says; both are called in the monitor's
    thread and should be quick. What they raise is an error in the log of
    `sojourn.monitor` (the first of a kind with its traceback) and changes nothing.
    """

    def __init__(
        self,
        session: "Session",
        options: MonitorOptions | None = None,
        *,
        report: Callable[[str], None],
        on_event: Callable[[JobEvent], None] | None = None,
        on_notification: Callable[[Notification], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._session = session
        self._store = session.store
        self._options = options or MonitorOptions()
        self._report = report
        self._on_event = on_event
        self._on_notification = on_notification
        self._clock = clock or Clock()
        self._lock = MonitorLock(self._store.path.parent, self._options.what)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._work: Work | None = None
        self._position = 0
        self._version: tuple[int, int] | None = None
        self._looked = 0.0
        self._last = self._clock.now()
        self._trouble = ""
        self._failures: set[type[Exception]] = set()
        """Kinds of failures of callbacks that were logged with their traceback."""

    # --- from outside -------------------------------------------------------------------------

    def run(self, *, ready: Callable[[], None] | None = None) -> None:
        """Work until `stop` is called; `ready` is called once it does.

        Raises:
            Occupied: another monitor works this store, and we are not to follow it.
            ConfigError: a mistake in `notify.yaml`.
        """
        self._begin()
        try:
            if ready is not None:
                ready()
            while not self._stopping.is_set():
                self._guarded_tick()
                self._wake.wait(self._pause())
                self._wake.clear()
        finally:
            self._end()

    def once(self) -> Summary:
        """Ask every machine once, fetch, notify, resume, and end. Errors of machines are told in
        the summary.

        Raises:
            Occupied, ConfigError: as `run`.
        """
        self._begin()
        try:
            if self._work is None:
                return Summary()
            self._look(self._clock.now())
            return self._work.once(lambda: self._look(self._clock.now()), self._stopping)
        finally:
            self._end()

    def stop(self) -> None:
        """Have it end; may be called from any thread, and from a signal's handler."""
        self._stopping.set()
        self._wake.set()

    @property
    def works(self) -> bool:
        """Whether this is the one monitor of its store."""
        return self._lock.held

    # --- the loop -----------------------------------------------------------------------------

    def _begin(self) -> None:
        if not self._options.follow:
            self._lock.take()
        elif not self._lock.try_take():
            other = holder(self._store.path.parent)
            self._report(f"following the monitor that works already: {other or 'unknown'}")
        self._position = self._store.last_event_id()
        self._last = self._clock.now()
        if self._lock.held:
            self._set_to_work()

    def _set_to_work(self) -> None:
        try:
            work = Work(
                self._session,
                self._options,
                self._clock,
                self._wake,
                report=self._report,
                on_message=lambda message: self._call(self._on_notification, message),
            )
            # What was recorded before, and that no monitor has dealt with.
            work.hear(self._read(work.heard, upto=self._position), self._clock.now())
        except BaseException:
            self._lock.free()
            raise
        self._work = work

    def _guarded_tick(self) -> None:
        try:
            self._tick()
            self._trouble = ""
        except StoreError as error:
            if str(error) != self._trouble:
                self._report(f"{error}; the monitor goes on as soon as it can")
            self._trouble = str(error)

    def _tick(self) -> None:
        now = self._clock.now()
        moved, self._last = schedule.jump(self._last, now), now
        if self._work is None and self._lock.try_take():
            self._report("the monitor that was followed has ended; this one takes its place")
            self._set_to_work()
        if self._work is not None:
            if self._work.hands.settle():
                self._version = None  # what was found out may have to be told
            if moved:
                self._report(_moved(moved))
                self._work.woken(now)
        version = self._store.version()
        if version != self._version or moved or now.running - self._looked >= FULL_LOOK:
            self._look(now)
            self._version = version
        if self._work is not None:
            self._work.step(now)

    def _look(self, now: Instant) -> None:
        events = self._read(self._position)
        if self._work is not None:
            self._work.hear(events, now)  # if the store fails here, all of it is heard again
        if events:
            self._position = events[-1].id
        self._looked = now.running
        for event in events:
            self._call(self._on_event, event.event())

    def _read(self, since: int, *, upto: int | None = None) -> "Sequence[EventRecord]":
        found: list[EventRecord] = []
        while page := self._store.changes_since(since):
            since = page[-1].id
            found += page
        return found if upto is None else [one for one in found if one.id <= upto]

    def _pause(self) -> float:
        if self._work is None or self._trouble:
            return LOOK
        return max(0.0, min(LOOK, self._work.next - self._clock.running()))

    def _end(self) -> None:
        try:
            if self._work is not None:
                self._work.end(lambda: self._look(self._clock.now()))
        except StoreError as error:
            self._report(str(error))
        finally:
            self._work = None
            self._lock.free()

    def _call(self, callback: Callable[[Value], None] | None, value: Value) -> None:
        if callback is None:
            return
        try:
            callback(value)
        except Exception as error:  # noqa: BLE001  it is the caller's, and must not end the monitor
            self._report(f"a callback failed: {type(error).__name__}: {error}")
            first = type(error) not in self._failures
            self._failures.add(type(error))
            _log.error("a callback of the monitor failed with %r", error, exc_info=first)


def _moved(seconds: float) -> str:
    hours, minutes = divmod(round(abs(seconds) / 60), 60)
    by = f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else "half a minute"
    if seconds > 0:
        what = f"the computer has slept, or its clock was set forward, by {by}"
    else:
        what = f"the clock was set back by {by}"
    return f"{what}; all machines are asked now, and nothing is judged by the time in between"
