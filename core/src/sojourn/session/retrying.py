"""Handing a recorded job in again: by another process, or in a new attempt."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sojourn.errors import InvalidJob, NotPossible, SojournError
from sojourn.session.checking import check_batch
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.values.job import Job
from sojourn.values.resources import Resources

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.session.base import SessionBase
    from sojourn.store.store import Store

_CHANGED = "its inputs are no longer what they were when it was recorded"


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
        short = record.signature[:8]
        if record.blocked_by and (record.blocked_by, record.machine) not in retried:
            _check_parent(session.store, record)
        if record.state not in FINAL:
            raise NotPossible(
                f"job {short} is {record.state}: only a job that has ended can be retried",
                hint=f"`sojourn cancel {short}` ends it first",
            )
        job = _job(record)
        if resources is not None:
            job = job.replace(resources=resources.over(job.resources))
        signed = session.sign([job], record.machine)[0]
        if signed.signature != record.signature and not job.identity:
            raise NotPossible(
                f"job {short} cannot run again: {_CHANGED}",
                hint="hand it in as it is now: that is another job",
            )
        check_batch([signed], session.link(record.machine))


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
    """Give an ended job its next attempt.

    Raises:
        NotPossible: it is only known by its traces.
    """
    fields: dict[str, str] = {}
    if resources is not None:
        job = _job(record)
        job = job.replace(resources=resources.over(job.resources))
        effective = job.resources
        if job.script is None:  # its own directives stand for the machine's defaults
            effective = effective.over(session.machines.get(record.machine).defaults)
        fields["job"] = json.dumps(job.to_json())
        fields["resources"] = effective.model_dump_json(exclude_defaults=True)
        given = resources.over(_given(session.store, record))
        key = _key(record.signature, record.machine, record.attempt + 1)
        session.store.set_setting(key, given.model_dump_json(exclude_defaults=True))
    session.recorder.next_attempt(record, "retried", **fields)


def as_retried(signed: "SignedJob", record: JobRecord, store: "Store") -> "SignedJob":
    """A job with the resources that were given to the retry which made this attempt, wherever
    the job itself comes from now: its workflow does not know of them."""
    if record.attempt == 1:
        return signed
    given = _given(store, record)
    if given == Resources():
        return signed
    words = given.over(signed.job.resources)
    return replace(signed, job=signed.job.replace(resources=words))


def _given(store: "Store", record: JobRecord) -> Resources:
    """The words of all retries up to the one that made this attempt."""
    for attempt in range(record.attempt, 1, -1):
        given = store.setting(_key(record.signature, record.machine, attempt))
        if given:  # with those of the retries before
            return Resources.model_validate_json(given)
    return Resources()


def _key(signature: str, machine: str, attempt: int) -> str:
    return f"resources:{machine}:{signature}:{attempt}"


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
            _note(session, record, _CHANGED)
    return signed


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
