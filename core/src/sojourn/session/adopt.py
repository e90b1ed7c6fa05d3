"""Jobs that are on a machine already, or further there than is known here: another computer has
submitted or retried them. The newest attempt counts; those before it become its history.

What is found is recorded by the files of each attempt alone. Only an attempt that has not
finished is then asked about, as after a submission with an unknown outcome.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sojourn.session.judging import judge
from sojourn.session.request import asked_walltime
from sojourn.session.settling import settle_many
from sojourn.session.trust import ROOT
from sojourn.site import layout
from sojourn.site.evidence import EMPTY, read_evidence
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord, StateChange
from sojourn.values.messages import JobRef, Phase, PollAnswer, SchedulerWord, SiteEvidence

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.session.base import SessionBase
    from sojourn.session.changes import Recorder
    from sojourn.session.links import Link
    from sojourn.session.submitting import Origin
    from sojourn.store.store import Store

Attempts = Mapping[int, SiteEvidence]
"""What the files of a job's attempts say, by number."""

_AT_ONCE = 2
"""Attempts asked about together: enough to see that the first one has had no successor."""


def adopt(
    session: "SessionBase",
    signed: Sequence["SignedJob"],
    machine: str,
    origins: "Mapping[str, Origin] | None" = None,
) -> set[str]:
    """Record those of `signed` that are on `machine` already, with their attempts; returns their
    signatures. One round trip, and another one if some have not finished.

    Raises:
        MachineError: the machine could not be asked.
    """
    link = session.link(machine)
    there = attempts_on(link, [one.signature for one in signed])
    found = [one for one in signed if one.signature in there]
    first = {signature: min(attempts) for signature, attempts in there.items()}
    session.submitter(link).enter(found, origins or {}, first)
    bring_forward(session.recorder, link, there)
    for signature, attempts in there.items():
        _go_on_after_closed(session, session.store.get(signature, link.name), attempts)
    return set(there)


def _go_on_after_closed(
    session: "SessionBase", record: JobRecord | None, attempts: Attempts
) -> None:
    """What was closed before it started, and not followed by another attempt, is submitted here."""
    newest = attempts[max(attempts)]
    if record is not None and record.state is State.CANCELLED and newest.exit is None:
        session.recorder.next_attempt(record, "the attempt was closed before it started")


def adopt_newest(recorder: "Recorder", link: "Link", signatures: Sequence[str]) -> None:
    """Bring the records of jobs forward to the newest attempts that the machine knows.

    Raises:
        MachineError: the machine could not be asked.
    """
    bring_forward(recorder, link, attempts_on(link, signatures))


def attempts_on(link: "Link", signatures: Sequence[str]) -> dict[str, dict[int, SiteEvidence]]:
    """The attempts that a machine has of each job, of those that it has at all; one round trip.

    Raises:
        MachineError: the machine could not be asked.
    """

    def look() -> dict[str, dict[int, SiteEvidence]]:
        there: dict[str, dict[int, SiteEvidence]] = {}
        left, first = list(dict.fromkeys(signatures)), 1
        with link.context.trip() as dialogue:
            while left:
                numbers = range(first, first + _AT_ONCE)
                seen = read_evidence(dialogue, [(one, n) for one in left for n in numbers])
                for (signature, number), evidence in seen.items():
                    if is_claimed(evidence):
                        there.setdefault(signature, {})[number] = evidence
                left = [one for one in left if numbers[-1] in there.get(one, ())]
                first += _AT_ONCE
        return {one: unbroken(attempts) for one, attempts in there.items()}

    return link.contact(look) if signatures else {}


def is_claimed(seen: SiteEvidence) -> bool:
    """Whether somebody has submitted an attempt."""
    return bool(seen.claim or seen.id or seen.started)


def unbroken(attempts: Attempts) -> dict[int, SiteEvidence]:
    """The claimed attempts up to the newest: as far back as none is missing."""
    claimed = {number for number, seen in attempts.items() if is_claimed(seen)}
    first = newest = max(claimed, default=0)
    while first - 1 in claimed:
        first -= 1
    return {number: attempts[number] for number in range(first, newest + 1) if newest}


def bring_forward(
    recorder: "Recorder", link: "Link", there: Mapping[str, Attempts], *, source: str = "find"
) -> None:
    """Record what attempts have become, up to the newest of each job; ask about those that have
    not finished.

    Raises:
        MachineError: the machine could not be asked about those; the others are recorded.
    """
    store, active = recorder.store, []
    for signature, attempts in there.items():
        with store.transaction():
            for number in sorted(attempts):
                last = number == max(attempts)
                record_attempt(store, link, signature, number, attempts[number], last, source)
        record = store.get(signature, link.name)
        if record is None or record.attempt != max(attempts):
            continue
        if record.state is State.SUBMITTING:
            active.append(record)
    if not active:
        return
    refs = [JobRef(record.signature, record.attempt) for record in active]
    answers = link.contact(partial(link.backend.find, link.context, refs))
    settle_many(recorder, link, zip(active, answers, strict=True))


def record_attempt(
    store: "Store",
    link: "Link",
    signature: str,
    number: int,
    seen: SiteEvidence,
    last: bool,
    source: str,
) -> None:
    """Record one attempt, unless more is known of it already. Listeners are not told: it happened
    elsewhere, and mostly long ago."""
    record = store.get(signature, link.name)
    if record is not None and record.attempt == number - 1:
        store.new_attempt(
            *(signature, link.name),
            expected=record.state,
            expected_attempt=record.attempt,
            source=source,
        )
        record = store.get(signature, link.name)
    if record is None or record.attempt != number or record.state in FINAL - {State.LOST}:
        return
    change = _found(record, seen, link, source, last=last)
    if change is not None:
        store.change_many([change])
    elif record.submitted_at is not None:
        submitted_at = min(record.submitted_at, time.time() - seen.claim_age)
        store.update_fields(
            signature, link.name, expected_attempt=number, submitted_at=submitted_at
        )


def _found(
    record: JobRecord, seen: SiteEvidence, link: "Link", source: str, *, last: bool
) -> StateChange | None:
    """What has become of one attempt, by its files alone; None if that is known already."""
    now = time.time()
    fields: dict[str, Any] = {
        "token": "" if seen.claim == EMPTY else seen.claim,
        "task_index": seen.claim_index,
        "submitted_at": now - seen.claim_age,
        "started_at": seen.started_at,
        "job_dir": layout.attempt_path(link.context.root, record.signature, record.attempt),
        "root_id": link.context.root_id,
    }
    if fields["token"] != record.token:
        fields["imported"] = ROOT
    if seen.started_id:
        fields["scheduler_id"] = seen.started_id
    evidence = ""
    if seen.exit is not None:
        # Only about the last one is the scheduler asked yet.
        word = SchedulerWord(Phase.UNKNOWN if last else Phase.ABSENT)
        answer = PollAnswer(record.signature, record.attempt, word, seen)
        judged = judge(record, answer, now, walltime=asked_walltime(record))
        state, reason = judged.state, judged.reason
        fields |= judged.fields
        fields["exit_code"] = judged.exit_code
        evidence = f"exit file: status {seen.exit.status}, decided by {seen.exit.phase}"
    elif seen.closed:
        state, reason = State.CANCELLED, "it was closed before it started"
    elif not last:
        state, reason = State.LOST, "it left no exit status, and was followed by another attempt"
    elif record.state is State.NEW:
        state, reason = State.SUBMITTING, "found on the machine; asking about it"
    else:
        return None
    return StateChange(
        record.signature, record.machine, record.state, record.attempt, state, now,
        reason=reason, evidence=evidence, source=source, fields=fields,
    )  # fmt: skip
