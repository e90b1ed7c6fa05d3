"""Which machines are watched, and when each has its turn."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sojourn.errors import MachineError, NeedsLogin, SojournError, StoreError
from sojourn.monitor import schedule
from sojourn.monitor.clock import Clock
from sojourn.monitor.hands import Hands
from sojourn.monitor.schedule import Instant, Pace
from sojourn.monitor.turns import Turn, take_turn
from sojourn.store.census import Load
from sojourn.store.machines import NEEDS_LOGIN, MachineRecord

if TYPE_CHECKING:
    from sojourn.session.session import Session

FRESH = 10.0
"""Seconds for which jobs that have just been recorded are left to whoever recorded them."""

_RANDOM = random.Random()  # noqa: S311  spreads load, keeps no secret


@dataclass(slots=True)
class Plan:
    """What is known of one machine between its turns. Times are of the running clock."""

    load: Load
    due: float
    ended: float | None = None
    """When its last turn ended."""
    cost: float = 0.0
    failures: int = 0
    vain: int = 0
    """How many times in a row what waits was handed in without success."""
    submit_at: float = 0.0
    """What waits is not handed in sooner."""
    waited: int = 0
    """How many were waiting when nothing was under way."""
    slept: bool = False
    needs_login: bool = False
    unusable: str = ""
    """Why it cannot be asked before its configuration changes."""
    error: SojournError | None = field(default=None, repr=False)


class Watch:
    """Gives every machine that has jobs of ours its turns. For one thread; work goes to `hands`.

    `interval` is what the user wants between polls, None for each machine's own. `report`
    takes lines for people.
    """

    def __init__(
        self,
        session: "Session",
        hands: Hands,
        clock: Clock,
        *,
        interval: float | None,
        report: Callable[[str], None],
    ) -> None:
        self._session = session
        self._hands = hands
        self._clock = clock
        self._report = report
        self.interval = interval
        self.plans: dict[str, Plan] = {}

    # --- what is to be done -------------------------------------------------------------------

    def look(
        self, loads: Mapping[str, Load], machines: Mapping[str, MachineRecord], now: Instant
    ) -> None:
        """Take up how much each machine has of ours, and what is known of it."""
        for name in self.plans.keys() - loads.keys():
            if not self._hands.busy(_key(name)):
                del self.plans[name]
        for name, load in loads.items():
            plan = self.plans.get(name)
            if plan is None:
                self.plans[name] = self._new(name, load, machines.get(name), now)
            else:
                self._changed(name, plan, load, now)
            self._look_at_login(name, self.plans[name], machines.get(name), now)

    def _new(self, name: str, load: Load, known: MachineRecord | None, now: Instant) -> Plan:
        polled = known.polled_at if known is not None and load.out else None
        pace = Pace(self._interval(name), known.poll_seconds if known is not None else 0.0)
        since = None if polled is None else now.wall - polled
        due = now.running + schedule.first_wait(pace, since)
        return Plan(load, due, cost=pace.cost, waited=load.waiting)

    def _changed(self, name: str, plan: Plan, load: Load, now: Instant) -> None:
        before, plan.load = plan.load, load
        if not self._hands.busy(_key(name)):  # while it is handed in, what waits comes and goes
            if load.waiting > plan.waited:
                plan.submit_at, plan.vain = now.running + FRESH, 0
                if not plan.failures:
                    plan.due = min(plan.due, plan.submit_at)
            plan.waited = load.waiting
        if load.youngest > before.youngest and plan.ended is not None and not plan.failures:
            pace = self._pace(name, plan, now)
            plan.due = min(plan.due, plan.ended + schedule.wait(pace, 0.5))

    def _look_at_login(
        self, name: str, plan: Plan, known: MachineRecord | None, now: Instant
    ) -> None:
        needs = known is not None and known.state == NEEDS_LOGIN
        if plan.needs_login and not needs and not self._hands.busy(_key(name)):
            self._session.forget_link(name)  # it may remember that it was refused
            plan.failures, plan.due = 0, now.running
        plan.needs_login = needs

    # --- turns --------------------------------------------------------------------------------

    def start(self, now: Instant, *, all_of_them: bool = False) -> None:
        """Begin the turns that are due."""
        for name, plan in self.plans.items():
            if plan.needs_login or plan.unusable or self._hands.busy(_key(name)):
                continue
            if now.running >= plan.due or all_of_them:
                submit = plan.load.waiting > 0 and (now.running >= plan.submit_at or all_of_them)
                if not plan.load.out and not submit:
                    plan.due = plan.submit_at
                    continue
                work = partial(take_turn, self._session, name, submit=submit, slept=plan.slept)
                self._hands.start(_key(name), work, self._ended)

    def _ended(self, turn: Turn) -> None:
        plan = self.plans.get(turn.machine)
        if plan is None:
            return
        now, before = self._clock.now(), plan.error
        plan.ended, plan.error = now.running, turn.error
        if turn.early:
            plan.due = now.running + turn.early
            return
        if turn.cost:
            plan.cost = turn.cost
        if turn.error is None:
            plan.failures, plan.slept = 0, False
        elif self._unusable(turn.machine):
            plan.unusable = str(turn.error)
        else:
            plan.failures += 1
        if turn.submitted:
            plan.vain += 1
            plan.submit_at = now.running + schedule.wait(
                Pace(self._interval(turn.machine), failures=plan.vain), _RANDOM.random()
            )
        plan.due = now.running + schedule.wait(
            self._pace(turn.machine, plan, now), _RANDOM.random()
        )
        self._tell(turn, before, plan.due - now.running)

    def _tell(self, turn: Turn, before: SojournError | None, delay: float) -> None:
        if turn.error is None:
            if before is not None:
                self._report(f"{turn.machine} answers again")
            return
        if type(before) is type(turn.error) or isinstance(turn.error, NeedsLogin):
            return
        if not self.plans[turn.machine].unusable:
            stay = "its jobs stay as they were, " if isinstance(turn.error, MachineError) else ""
            self._report(f"{turn.error}; {stay}asked again in {delay:.0f} s")

    # --- what may happen ----------------------------------------------------------------------

    def woken(self, now: Instant) -> None:
        """The computer has slept, or the clock has jumped: everything is asked afresh."""
        for plan in self.plans.values():
            plan.due, plan.failures, plan.slept = now.running, 0, True

    def jobs_ended(self, now: Instant) -> None:
        """Jobs have ended: there may be room for what waits, or it may have waited for those."""
        for plan in self.plans.values():
            if plan.load.waiting:
                plan.submit_at, plan.vain = min(plan.submit_at, now.running), 0

    def configured(self, now: Instant) -> None:
        """The configuration has changed: what could not be used is tried again."""
        for plan in self.plans.values():
            if plan.unusable:
                plan.unusable, plan.due = "", now.running

    @property
    def next(self) -> float | None:
        """When the next turn is due; None while nothing is to be asked."""
        due = [
            plan.due
            for name, plan in self.plans.items()
            if not (plan.needs_login or plan.unusable or self._hands.busy(_key(name)))
        ]
        return min(due, default=None)

    # --- numbers ------------------------------------------------------------------------------

    def _pace(self, name: str, plan: Plan, now: Instant) -> Pace:
        age = now.wall - plan.load.youngest if plan.load.out else None
        return Pace(self._interval(name), plan.cost, age, plan.failures)

    def _interval(self, name: str) -> float:
        try:
            own = self._session.machines.get(name).poll.interval
        except SojournError:
            own = Pace().interval
        return schedule.interval(own, self.interval)

    def _unusable(self, name: str) -> bool:
        """Whether there is no way to the machine before its configuration changes."""
        try:
            self._session.link(name)
        except SojournError as error:
            return not isinstance(error, MachineError | StoreError)
        return False


def _key(machine: str) -> str:
    return f"ask {machine}"
