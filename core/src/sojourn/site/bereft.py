"""Jobs that cannot be handed in as they were ordered: what they take where it lies was purged."""

from collections.abc import Sequence

from sojourn.site.evidence import Attempt, Output, still_there
from sojourn.site.trip import Dialogue
from sojourn.values.messages import JobOrder, Settled, Settlement


def bereft(dialogue: Dialogue, orders: Sequence[JobOrder]) -> dict[Attempt, Settlement]:
    """The answers to those of `orders`, parents first, whose inputs were to be found on the
    machine and are not there any more, and to those that wait for them. Nothing is claimed."""
    taken = {(order.signature, order.attempt): taken_there(order) for order in orders}
    there = still_there(
        dialogue, list(dict.fromkeys(one for outputs in taken.values() for one in outputs))
    )
    answers: dict[Attempt, Settlement] = {}
    for order in orders:
        key = order.signature, order.attempt
        gone = tuple(dict.fromkeys(one[0][0] for one in taken[key] if not there[one]))
        if gone:
            reason = "an input that was to be found there is not there any more"
            answers[key] = Settlement(*key, Settled.ABSENT, reason=reason, gone=gone)
        elif any((parent.signature, parent.attempt) in answers for parent in order.parents):
            reason = "waits for a job that was not handed in"
            answers[key] = Settlement(*key, Settled.ABSENT, reason=reason)
    return answers


def taken_there(order: JobOrder) -> list[Output]:
    """The outputs of jobs which have ended that an order takes where they lie."""
    waits_for = {(parent.signature, parent.attempt) for parent in order.parents}
    given = [((i.signature, i.attempt), i.output) for i in order.inputs if i.kind == "output"]
    return [(attempt, name) for attempt, name in given if attempt not in waits_for]
