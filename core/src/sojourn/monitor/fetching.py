"""Results are brought here as soon as jobs have completed, so that whoever resumes finds them."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sojourn.errors import DamagedResult, MachineError, SojournError
from sojourn.monitor import schedule
from sojourn.monitor.hands import Hands
from sojourn.monitor.schedule import Instant, Pace
from sojourn.states import State
from sojourn.store.history import EventRecord
from sojourn.store.machines import NEEDS_LOGIN
from sojourn.store.pauses import Pauses

if TYPE_CHECKING:
    from sojourn.session.session import Session

AT_ONCE = 50
"""Results brought in one trip: what has come stays, whatever happens then."""

FIRST_PAUSE = 15.0
"""Seconds, doubled each time, before what could not be brought is tried again."""

MOST_TRIES = 3
"""So often a result is tried that the machine answers for, but does not give."""

_RANDOM = random.Random()  # noqa: S311  spreads load, keeps no secret


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of one trip: results that are here, why others are not, or why none is."""

    machine: str
    here: tuple[str, ...] = ()
    failed: dict[str, SojournError] = field(default_factory=dict)
    error: SojournError | None = None


@dataclass(slots=True)
class _Wanted:
    """Results to be brought from one machine: for each signature, the event that told of it."""

    events: dict[str, int] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    failures: int = 0
    due: float = 0.0
    needs_login: bool = False


class Fetching:
    """Brings results of jobs that complete. For one thread; work goes to `hands`.

    `told` is the highest event up to which everything was brought, or given up.
    """

    def __init__(
        self, session: "Session", hands: Hands, *, report: Callable[[str], None], told: int
    ) -> None:
        self._session = session
        self._hands = hands
        self._report = report
        self._wanted: dict[str, _Wanted] = {}
        self._seen = told

    @property
    def told(self) -> int:
        """See the class."""
        waiting = [event for wanted in self._wanted.values() for event in wanted.events.values()]
        return min(waiting) - 1 if waiting else self._seen

    def missing(self, signatures: Iterable[str]) -> bool:
        """Whether some of these results are still to come."""
        return any(
            signature in wanted.events
            for signature in signatures
            for wanted in self._wanted.values()
        )

    def gather(self, events: Sequence[EventRecord], upto: int) -> None:
        """Take up what has happened until the event `upto`."""
        for event in events:
            if event.new is State.COMPLETED and event.id > self._seen:
                wanted = self._wanted.setdefault(event.machine, _Wanted())
                wanted.events.setdefault(event.signature, event.id)
        self._seen = max(self._seen, upto)

    def start(self, now: Instant, pauses: Pauses) -> None:
        """Begin a trip to each machine that has something for us, and is not to be left alone."""
        for name, wanted in self._wanted.items():
            if not wanted.events or self._hands.busy(_key(name)) or name in pauses.machines:
                continue
            known = self._session.store.machine(name)
            before, wanted.needs_login = wanted.needs_login, False
            if known is not None and known.state == NEEDS_LOGIN:
                wanted.needs_login = True
                continue
            if now.running < wanted.due and not before:
                continue
            signatures = list(wanted.events)[:AT_ONCE]
            work = partial(bring, self._session, name, signatures)
            self._hands.start(_key(name), work, partial(self._ended, now))

    @property
    def left(self) -> int:
        """How many results are still to come."""
        return sum(len(wanted.events) for wanted in self._wanted.values())

    def hurry(self, now: Instant) -> None:
        """Try at once what was to be tried later."""
        for wanted in self._wanted.values():
            wanted.due, wanted.failures = now.running, 0

    def _ended(self, begun: Instant, fetched: Fetched) -> None:
        wanted = self._wanted[fetched.machine]
        for signature in fetched.here:
            wanted.events.pop(signature, None)
        for signature, error in fetched.failed.items():
            self._failed(wanted, signature, error)
        if fetched.error is None and not fetched.failed:
            wanted.failures = 0
            return
        wanted.failures += 1
        if fetched.error is not None and not isinstance(fetched.error, MachineError):
            for signature in list(wanted.events)[:AT_ONCE]:
                self._failed(wanted, signature, fetched.error)
        delay = schedule.wait(Pace(FIRST_PAUSE, failures=wanted.failures), _RANDOM.random())
        wanted.due = begun.running + delay

    def _failed(self, wanted: _Wanted, signature: str, error: SojournError) -> None:
        tries = wanted.tries[signature] = wanted.tries.get(signature, 0) + 1
        if tries >= MOST_TRIES:
            wanted.events.pop(signature, None)
            wanted.tries.pop(signature)
            self._report(f"{error}; not tried again, `sojourn fetch {signature[:8]}` does")


def bring(session: "Session", machine: str, signatures: Sequence[str]) -> Fetched:
    """Bring those of the results that are not here yet, in one trip. Raises nothing."""
    try:
        records = []
        for signature in signatures:
            record = session.store.get(signature, machine)
            if record is None or record.state is not State.COMPLETED:
                continue
            if not _is_here(session, signature, machine):
                records.append(record)
        found = session.fetch_results(records) if records else {}
    except SojournError as error:
        return Fetched(machine, error=error)
    except Exception as error:  # noqa: BLE001  a mistake in a plugin must not end the monitor
        told = SojournError(f"{machine}: unexpected {type(error).__name__}: {error}")
        return Fetched(machine, error=told)
    failed: dict[str, SojournError] = {
        signature: one for signature, one in found.items() if isinstance(one, SojournError)
    }
    here = tuple(signature for signature in signatures if signature not in failed)
    return Fetched(machine, here, failed)


def _is_here(session: "Session", signature: str, machine: str) -> bool:
    try:
        result = session.results.get(signature)
        return result is not None and session.trust.counts(result.manifest, [machine])
    except DamagedResult:
        return False


def _key(machine: str) -> str:
    return f"fetch {machine}"
