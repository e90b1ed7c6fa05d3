"""Handing a recorded job in again: by another process, or in a new attempt."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sojourn.defaults import SIGNATURE_FORMAT
from sojourn.errors import InvalidJob, MachineError, NotPossible, SojournError
from sojourn.session.checking import check_batch
from sojourn.session.request import given_words, request_of, request_text, still_given
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.values.job import Job
from sojourn.values.resources import Resources

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.machines.model import Machine
    from sojourn.session.base import SessionBase
    from sojourn.store.store import Store

_CHANGED = "its inputs are no longer what they were when it was recorded"
_OTHER_FORMAT = "an earlier release recorded it, whose signatures this release does not make"


def check_retry(
    session: "SessionBase", records: Sequence[JobRecord], resources: Resources | None
) -> None:
    """Refuse what could not be handed in again, before anything is changed.

    Raises:
        NotPossible: one has not ended, is only known by its traces, or its inputs have changed.
        InvalidJob: a secret is not set, or the machine cannot honour `resources`.
    """
    retried = {(record.signature, record.machine) for record in records}
    for record in records:
        _check_one(session, record, resources, retried)


def retryable(
    session: "SessionBase", records: Sequence[JobRecord], resources: Resources | None
) -> tuple[list[JobRecord], list[SojournError]]:
    """The jobs that `check_retry` lets pass, and why each of the others cannot be retried."""
    possible, errors = list(records), []
    away: set[str] = set()
    while True:
        retried = {(record.signature, record.machine) for record in possible}
        refused = []
        for record in possible:
            if record.machine in away:
                refused.append(record)
                continue
            try:
                _check_one(session, record, resources, retried)
            except SojournError as error:
                errors.append(error)
                refused.append(record)
                if isinstance(error, MachineError):
                    away.add(record.machine)  # the same would be said of every job there
        possible = [record for record in possible if record not in refused]
        if not refused:  # without those, the children of none of them may be among the rest
            return possible, errors


def _check_one(
    session: "SessionBase",
    record: JobRecord,
    resources: Resources | None,
    retried: Collection[tuple[str, str]],
) -> None:
    short = record.signature[:8]
    if record.blocked_by and (record.blocked_by, record.machine) not in retried:
        _check_parent(session.store, record)
    if record.state not in FINAL and not record.refused:
        raise NotPossible(
            f"job {short} is {record.state}: only a job that has ended can be retried",
            hint=f"`sojourn cancel {short}` ends it first",
        )
    job = _job(record)
    signed = session.sign([job], record.machine)[0]
    if signed.signature != record.signature and not job.identity:
        raise NotPossible(
            f"job {short} cannot run again: {_changed(record)}",
            hint="hand it in as it is now: that is another job",
        )
    given = given_words(record) if resources is None else resources.over(given_words(record))
    job = job.replace(resources=given.over(job.resources))
    check_batch([replace(signed, job=job)], session.link(record.machine))


def _check_parent(store: "Store", record: JobRecord) -> None:
    """Refuse a job that its parent keeps from running: it would be cancelled again at once."""
    parent = store.get(record.blocked_by, record.machine)
    if parent is not None and parent.state in FINAL - {State.COMPLETED}:
        raise NotPossible(
            f"job {record.signature[:8]} was cancelled because its parent "
            f"{parent.name or parent.signature[:8]} is {parent.state}",
            hint=f"`sojourn retry {parent.signature[:8]}` runs the parent again, and then this one",
        )


def next_attempt(session: "SessionBase", record: JobRecord, resources: Resources | None) -> None:
    """Give an ended job its next attempt, asked for as the job was last recorded and the machine
    is configured then; `resources` outrank both, in later attempts, too.

    Raises:
        NotPossible: it is only known by its traces.
    """
    fields: dict[str, str] = {}
    if resources is not None:
        machine = session.machines.get(record.machine)
        signed = session.sign([_job(record)], record.machine)[0]
        fields = as_asked_now(signed, record, machine, resources)
    session.recorder.next_attempt(record, "retried", **fields)


def as_asked_now(
    signed: "SignedJob", record: JobRecord, machine: "Machine", more: Resources | None = None
) -> dict[str, Any]:
    """The fields of a job's record that say what its next submission asks for; `more` are words
    given to a retry."""
    now = request_of(signed, machine)
    given = still_given(record, now)
    given = given if more is None else more.over(given)
    known = record.asked or given_words(record) == Resources()
    return {
        "resources": given.over(now.resources).model_dump_json(exclude_defaults=True),
        # What an older release recorded of a retried job has the retry's words in it.
        "asked": request_text(signed, machine) if known else "",
        "given": given.model_dump_json(exclude_defaults=True),
    }


def as_retried(signed: "SignedJob", record: JobRecord) -> "SignedJob":
    """A job with the resources that its retries were given, wherever the job itself comes from
    now: its workflow does not know of them."""
    given = given_words(record)
    if given == Resources():
        return signed
    return replace(signed, job=signed.job.replace(resources=given.over(signed.job.resources)))


def wait_again(store: "Store", records: Sequence[JobRecord]) -> None:
    """Workflows that have failed wait for these jobs of theirs, so that they can be resumed."""
    waiting: dict[str, list[str]] = {}
    for record in records:
        members = store.memberships(record.signature, record.machine)
        for name in {record.workflow, *(member.workflow for member in members)} - {""}:
            waiting.setdefault(name, []).append(record.signature)
    for name, signatures in waiting.items():
        workflow = store.workflow(name)
        if workflow is not None and workflow.status == "failed":
            again = {"status": "suspended", "detail": "", "resume_failures": 0}
            store.update_workflow(name, suspended_on=tuple(dict.fromkeys(signatures)), **again)


def blocked_children(store: "Store", parents: Sequence[JobRecord]) -> list[JobRecord]:
    """Jobs that were cancelled because of these, and because of those in turn."""
    found: dict[str, JobRecord] = {}
    for machine in {parent.machine for parent in parents}:
        cancelled = store.select(machine=machine, states=[State.CANCELLED])
        roots = {parent.signature for parent in parents if parent.machine == machine}
        while grown := [
            record
            for record in cancelled
            if record.blocked_by in roots and record.signature not in found
        ]:
            found |= {record.signature: record for record in grown}
            roots |= {record.signature for record in grown}
    return list(found.values())


def signed_again(session: "SessionBase", records: Sequence[JobRecord]) -> list["SignedJob"]:
    """Sign recorded jobs as they are now; those whose inputs have changed are left NEW and
    told why, since what was asked for cannot be made any more."""
    signed: list[SignedJob] = []
    for record in records:
        try:
            one = session.sign([_job(record)], record.machine)[0]
        except SojournError as error:
            _note(session, record, str(error))
            continue
        if one.signature == record.signature:
            signed.append(one)
        else:
            _note(session, record, _changed(record))
    return signed


def _changed(record: JobRecord) -> str:
    """Why a job signed again has another signature."""
    components = json.loads(record.components or "{}")
    same = components.get("format", SIGNATURE_FORMAT) == SIGNATURE_FORMAT
    return _CHANGED if same else _OTHER_FORMAT


def _note(session: "SessionBase", record: JobRecord, reason: str) -> None:
    session.store.update_fields(
        record.signature, record.machine, reason=f"cannot be handed in: {reason}"
    )


def _job(record: JobRecord) -> Job:
    try:
        return Job.from_json(json.loads(record.job))
    except InvalidJob as error:
        raise NotPossible(
            f"what job {record.signature[:8]} was is not recorded here: {error.message}",
            hint="run the workflow that made it",
        ) from error
