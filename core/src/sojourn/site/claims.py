"""What an attempt's claim, id and start tell about who has it: pure."""

import re
from dataclasses import replace
from typing import Protocol

from sojourn.defaults import ADOPT_AFTER
from sojourn.site.layout import queue_name
from sojourn.values.messages import Settled, Settlement, SiteEvidence

_INDEX = re.compile(r"[0-9]{1,9}", re.ASCII)


class IdRule(Protocol):
    """How a backend's scheduler writes ids."""

    def is_id(self, text: str) -> bool:
        """Whether this can be an id."""
        ...

    def task_id(self, scheduler_id: str, index: int | None) -> str:
        """The id of a task, from the id as it was printed and the array index."""
        ...


def id_of(evidence: SiteEvidence, ids: IdRule) -> str:
    """The scheduler id under which an attempt stands: that of its start outranks its `id` file."""
    if evidence.started_id:
        return evidence.started_id
    base, _, index = evidence.id.partition(" ")
    if not base:
        return ""
    return ids.task_id(base, int(index) if _INDEX.fullmatch(index) else None)


def settled(signature: str, attempt: int, evidence: SiteEvidence, ids: IdRule) -> Settlement | None:
    """What is certain from the files alone; None if the queue must be asked."""

    def answer(outcome: Settled, reason: str = "") -> Settlement:
        return Settlement(
            signature,
            attempt,
            outcome,
            token=evidence.claim,
            index=evidence.claim_index,
            scheduler_id=id_of(evidence, ids),
            reason=reason,
        )

    if evidence.closed:
        return answer(Settled.CLOSED, "the attempt was closed before it started")
    if evidence.exit is not None or evidence.started or evidence.id:
        known = answer(Settled.HANDED_IN)
        # It ran before its id could be written: the name in the queue stands for the id.
        return known if known.scheduler_id else replace(known, scheduler_id=queue_name(known.token))
    if not evidence.present or not evidence.claim:
        return answer(Settled.ABSENT)
    if evidence.claim_age < ADOPT_AFTER:
        return answer(Settled.PENDING, "another submission of it is going on")
    return None
