"""Jobs that were cancelled because of a parent, and when they may run after all."""

from typing import TYPE_CHECKING

from sojourn.states import State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.store.store import Store

_AHEAD = frozenset({State.NEW, State.SUBMITTING, State.QUEUED, State.HELD, State.COMPLETED})
"""States in which what has cancelled the child was an earlier attempt, or turned out well."""

_ENDING = frozenset({State.RUNNING, State.FINISHING})


def is_on_its_way(store: "Store", parent: JobRecord, child: JobRecord) -> bool:
    """Whether the parent that a child was cancelled because of has begun anew since, or is done.

    One that is FINISHING, or was last seen running, may be in the very attempt that has failed.
    """
    if parent.state not in _ENDING:
        return parent.state in _AHEAD
    cancelled = [
        event.id
        for event in store.events(child.signature, child.machine)
        if event.new is State.CANCELLED
    ]
    begun = [
        event.id
        for event in store.events(parent.signature, parent.machine)
        if event.new is State.NEW and event.attempt == parent.attempt
    ]
    return bool(cancelled and begun) and begun[-1] > cancelled[-1]
