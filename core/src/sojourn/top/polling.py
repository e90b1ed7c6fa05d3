"""Asking machines behind the screen: each in a thread of its own, at the monitor's pace."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sojourn.errors import SojournError
from sojourn.monitor import schedule
from sojourn.monitor.lock import holder
from sojourn.monitor.memory import remember_interval, remembered_interval
from sojourn.monitor.schedule import Instant, Pace
from sojourn.monitor.turns import take_turn
from sojourn.store.machines import NEEDS_LOGIN

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.store.census import Load
    from sojourn.store.machines import MachineRecord

_LOOK = 1.0
"""Seconds between two looks at which machines are due."""


class Polling:
    """Polls machines that have jobs of ours until it is stopped.

    While a monitor works the store it leaves the polling to it, except for what is asked for.
    `report` takes lines for people, from any thread.
    """

    def __init__(self, session: "Session", report: Callable[[str], None]) -> None:
        self._session = session
        self._report = report
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._failures: dict[str, int] = {}
        self._tried: dict[str, float] = {}
        self._refused: set[str] = set()
        self._slept = False

    @property
    def interval(self) -> float | None:
        """Seconds that the user wants between polls; remembered, and the monitor's, too."""
        return remembered_interval(self._session.store)

    @interval.setter
    def interval(self, seconds: float | None) -> None:
        remember_interval(self._session.store, seconds)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        threading.Thread(target=self._run, name="sojourn-top-polling", daemon=True).start()

    def stop(self) -> None:
        """End after what is under way."""
        self._stop.set()

    def _run(self) -> None:
        before = Instant(time.time(), time.monotonic())
        while not self._stop.is_set():
            now = Instant(time.time(), time.monotonic())
            self._slept = self._slept or schedule.jump(before, now) != 0.0
            before = now
            try:
                self._look()
            except SojournError as error:
                self._report(str(error))
            self._stop.wait(_LOOK)

    def _look(self) -> None:
        store = self._session.store
        if holder(store.path.parent) is not None:
            return
        machines, wanted = store.machines(), self.interval
        for name, load in store.census().items():
            known = machines.get(name)
            if known is not None and known.state == NEEDS_LOGIN:
                self._refused.add(name)
                continue
            if name in self._refused:  # somebody has logged in: the link may remember the refusal
                self._refused.discard(name)
                self._session.forget_link(name)
            if time.time() >= self._due(name, load, known, wanted):
                self.ask(name)
        self._slept = False

    def _due(
        self, name: str, load: "Load", known: "MachineRecord | None", wanted: float | None
    ) -> float:
        """When the machine's turn is, by the wall clock."""
        try:
            own = self._session.machines.get(name).poll.interval
        except SojournError:
            own = Pace().interval
        now = time.time()
        last = max(self._tried.get(name, 0.0), (known.polled_at or 0.0) if known else 0.0)
        if self._slept or last > now:  # a clock that was set back says nothing
            return 0.0
        pace = Pace(
            schedule.interval(own, wanted),
            known.poll_seconds if known is not None else 0.0,
            now - load.youngest if load.out else None,
            self._failures.get(name, 0),
        )
        return last + schedule.wait(pace)

    def ask(self, name: str, done: Callable[[str], None] | None = None) -> bool:
        """Ask one machine now, behind; False if that is under way already.

        `done` is given a line about what came of it.
        """
        with self._lock:
            if name in self._busy or self._stop.is_set():
                return False
            self._busy.add(name)
        work = threading.Thread(
            target=self._turn, args=(name, done), name=f"sojourn-top-{name}", daemon=True
        )
        work.start()
        return True

    def _turn(self, name: str, done: Callable[[str], None] | None) -> None:
        try:
            turn = take_turn(self._session, name, submit=True, slept=self._slept)
            self._tried[name] = time.time()
            before = self._failures.get(name, 0)
            self._failures[name] = before + 1 if turn.error is not None else 0
            if turn.error is not None and (not before or done is not None):
                self._report(f"{name}: {turn.error}")
            elif done is not None and turn.early:
                done(f"{name} was asked just now")
            elif done is not None:
                done(f"{name} was asked about {turn.asked} jobs")
        finally:
            with self._lock:
                self._busy.discard(name)
