"""What has changed since the last look, in as few lines as can be. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sojourn.states import FINAL, State
from sojourn.store.history import EventRecord
from sojourn.top.cells import BAD

_MANY = 3
"""More jobs than so many in one state are told of together."""


@dataclass(frozen=True, slots=True)
class News:
    """A line for a person; `bad` if it tells of something that did not end well."""

    text: str
    bad: bool = False


def news(events: Sequence[EventRecord]) -> list[News]:
    """One line a job that has ended; where many have, one line for all in a state."""
    last = {(e.signature, e.machine): e for e in events}
    ended = [event for event in last.values() if event.new in FINAL]
    counts = Counter(event.new for event in ended)
    told = []
    for state in State:
        if counts[state] > _MANY:
            told.append(News(f"{counts[state]} jobs are {state}", state in BAD))
        else:
            told += [_one(event) for event in ended if event.new is state]
    return told


def _one(event: EventRecord) -> News:
    name = event.name or event.step or event.signature[:8]
    where = f" of {event.workflow}" if event.workflow else ""
    why = f": {event.reason}" if event.reason and event.new in BAD else ""
    return News(f"{name}{where} on {event.machine} is {event.new}{why}", event.new in BAD)
