"""Jobs that lie on a machine though nothing here knows of them: another computer handed them in."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sojourn.session.settling import settle_many
from sojourn.session.submitting import Origin
from sojourn.states import State
from sojourn.values.messages import JobRef, Settled, Settlement

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.session.base import SessionBase

_AT_ONCE = 2
"""Attempts asked for in one trip: enough to see that the first one has had no successor."""


def take_over(
    session: "SessionBase",
    signed: Sequence["SignedJob"],
    machine: str,
    origins: Mapping[str, Origin] | None = None,
) -> set[str]:
    """Record those of `signed` that lie on `machine` already, as far as their newest attempt
    goes; returns their signatures. What is not there is not recorded. Usually one trip.

    Raises:
        MachineError: the machine could not be asked.
    """
    newest = lying_on(session, [one.signature for one in signed], machine)
    submitter = session.submitter(session.link(machine))
    found = [one for one in signed if one.signature in newest]
    submitter.enter(found, origins or {}, {s: answer.attempt for s, answer in newest.items()})
    for signature, answer in newest.items():
        record = session.store.get(signature, machine)
        if record is None:
            continue
        if answer.outcome is Settled.PENDING:
            session.recorder.advance(record, State.SUBMITTING, answer.reason, source="find")
        else:
            settle_many(session.recorder, submitter.link, [(record, answer)])
    return {s for s, answer in newest.items() if answer.outcome is not Settled.CLOSED}


def lying_on(
    session: "SessionBase", signatures: Sequence[str], machine: str
) -> dict[str, Settlement]:
    """What `machine` knows of the newest attempt of each job, of those that are there at all.

    Raises:
        MachineError: the machine could not be asked.
    """
    link = session.link(machine)
    newest: dict[str, Settlement] = {}
    left, first = list(dict.fromkeys(signatures)), 1
    while left:
        refs = [JobRef(s, first + more) for s in left for more in range(_AT_ONCE)]
        answers = link.contact(partial(link.backend.find, link.context, refs))
        there = [one for one in answers if one.outcome is not Settled.ABSENT]
        newest |= {one.signature: one for one in there}  # attempts are asked for in their order
        last = first + _AT_ONCE - 1
        left = [one.signature for one in there if one.attempt == last]
        first += _AT_ONCE
    return newest
