"""One turn on one machine: asked once about all its jobs, handed what had to wait."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.defaults import ADOPT_AFTER
from sojourn.errors import SojournError
from sojourn.session.polling import Poller
from sojourn.states import HANDED_IN, State

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.store.records import JobRecord


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of a turn. `asked` jobs were polled, which cost `cost` seconds; `early` is how many
    seconds too soon the machine was to be polled, because others had asked it just now."""

    machine: str
    asked: int = 0
    cost: float = 0.0
    early: float = 0.0
    submitted: bool = False
    error: SojournError | None = None


def take_turn(session: "Session", machine: str, *, submit: bool, slept: bool) -> Turn:
    """Ask `machine` about what is out, in one poll, and with `submit` hand in what had to wait.

    `slept` says that the time since the last poll was not watched. Raises nothing.
    """
    asked, cost = 0, 0.0
    try:
        records = _out(session, machine)
        if records:
            poller = Poller(session.link(machine), session.store, session.recorder, slept)
            early = poller.earliest() - time.time()
            if early > 0:
                poller.find_unknown(records)
                return Turn(machine, early=early)
            poller.poll(records)
            asked, cost = len(records), poller.cost
        if submit:
            session.submit_waiting(machine)
    except SojournError as error:
        return Turn(machine, asked, cost, error=error)
    except Exception as error:  # noqa: BLE001  a mistake in a plugin must not end the monitor
        told = SojournError(f"{machine}: unexpected {type(error).__name__}: {error}")
        return Turn(machine, asked, cost, error=told)
    return Turn(machine, asked, cost, submitted=submit)


def _out(session: "Session", machine: str) -> "list[JobRecord]":
    """The jobs to ask about: not paused, and not just being handed in by another process."""
    pauses, young = session.store.pauses(), time.time() - ADOPT_AFTER
    return [
        record
        for record in session.store.select(machine=machine, states=HANDED_IN, newest_first=False)
        if not pauses.cover(record)
        and not (record.state is State.SUBMITTING and young < record.updated_at <= time.time())
    ]
