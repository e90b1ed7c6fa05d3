"""Recording what submit or find has found out about attempts."""

import time
from collections.abc import Iterable
from typing import Any

from sojourn.session.changes import Recorder
from sojourn.session.links import Link
from sojourn.session.trust import ROOT
from sojourn.session.unclear import next_try
from sojourn.site import layout
from sojourn.states import State
from sojourn.store.records import JobRecord, StateChange
from sojourn.values.messages import Settled, Settlement

_BACK = frozenset({Settled.REFUSED, Settled.FULL, Settled.ABSENT})
_BEFORE = frozenset({State.NEW, State.SUBMITTING})
_CLEAR: dict[str, Any] = {"unclear": 0, "not_before": None}
"""After an answer that is understood."""


def settle_many(
    recorder: Recorder, link: Link, known: Iterable[tuple[JobRecord, Settlement]]
) -> None:
    """Record settlements: one transaction for the changes of state, one for what else is new."""
    changes: list[tuple[JobRecord, StateChange]] = []
    updates: list[tuple[str, str, int | None, dict[str, Any]]] = []
    for record, answer in known:
        match answer.outcome:
            case Settled.HANDED_IN:
                fields = _handed_in(record, answer, link)
                if record.state in _BEFORE:
                    changes.append((record, _change(record, answer, State.QUEUED, fields)))
                else:
                    updates.append((record.signature, record.machine, record.attempt, fields))
            case Settled.CLOSED:
                reason = "; ".join(filter(None, (record.reason, answer.reason)))
                recorder.next_attempt(record, reason)
            case Settled.UNCLEAR:
                reason, fields = next_try(record, answer, time.time())
                recorder.next_attempt(record, reason, evidence=answer.evidence, **fields)
            case Settled.PENDING:  # what the scheduler said when it was submitted tells more
                fields = {"reason": record.reason or answer.reason, **_whose(answer)}
                updates.append((record.signature, record.machine, record.attempt, fields))
            case _ if record.state is not State.NEW:
                refused = {"refused": answer.outcome is Settled.REFUSED, **_CLEAR}
                changes.append((record, _change(record, answer, State.NEW, refused)))
    recorder.store.update_many(updates)
    events = recorder.change_many([change for _, change in changes])
    for (record, change), event in zip(changes, events, strict=True):
        if event is None:  # another process was here first: from wherever it has come to
            recorder.advance(
                record,
                change.new,
                change.reason,
                evidence=change.evidence,
                source=change.source,
                **change.fields,
            )


def _handed_in(record: JobRecord, answer: Settlement, link: Link) -> dict[str, Any]:
    root = link.context.root or link.machine.root
    return {
        "token": answer.token,
        "task_index": answer.index,
        "scheduler_id": answer.scheduler_id,
        "job_dir": layout.attempt_path(root, answer.signature, answer.attempt),
        "root_id": link.context.root_id,
        "refused": False,
        **_CLEAR,
        "submitted_at": record.submitted_at or time.time(),
        **_whose(answer),
    }


def _whose(answer: Settlement) -> dict[str, Any]:
    """That another client submitted it, if the machine had it before it was submitted here."""
    return {"imported": ROOT} if answer.found else {}


def _change(
    record: JobRecord, answer: Settlement, new: State, fields: dict[str, Any]
) -> StateChange:
    return StateChange(
        record.signature,
        record.machine,
        record.state,
        record.attempt,
        new,
        time.time(),
        reason=answer.reason,
        evidence=answer.evidence,
        source="submit",
        fields=fields,
    )
