"""Making the store anew from what lies on a machine: each job's own record, and its files.

Nothing that is known already is changed. What comes from the machine is not trusted: a record
whose components do not make up its signature is left out.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sojourn.errors import SojournError
from sojourn.identity.canonical import signature_of
from sojourn.session.judging import judge
from sojourn.session.trust import ROOT
from sojourn.site import layout
from sojourn.site.evidence import EMPTY
from sojourn.site.survey import FoundJob, survey
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord, StateChange
from sojourn.values.job import Job
from sojourn.values.messages import Phase, PollAnswer, SchedulerWord, SiteEvidence
from sojourn.values.resources import Resources

if TYPE_CHECKING:
    from sojourn.session.links import Link
    from sojourn.session.session import Session


@dataclass(slots=True)
class Rebuilt:
    """What came of it: jobs that are in the store now and were not, those that were, and what
    could not be taken, with the reason."""

    added: list[JobRecord] = field(default_factory=list)
    known: int = 0
    left_out: dict[str, str] = field(default_factory=dict)


def rebuild(session: "Session", machine: str) -> Rebuilt:
    """Record every job that lies on a machine, in one trip; those that have not ended are then
    asked about as after any submission with an unknown outcome.

    Raises:
        MachineError: the machine could not be asked; nothing is recorded.
    """
    link = session.link(machine)

    def look() -> list[FoundJob]:
        with link.context.trip() as dialogue:
            return survey(dialogue)

    found = link.contact(look)
    rebuilt = Rebuilt()
    with session.store.transaction():
        for job in found:
            _take(session, link, job, rebuilt)
    out = [job for job in rebuilt.added if job.state not in FINAL]
    if out:
        session.refresh_each(out)
        rebuilt.added = session.again(rebuilt.added)
    return rebuilt


def _take(session: "Session", link: "Link", job: FoundJob, rebuilt: Rebuilt) -> None:
    if session.store.get(job.signature, link.name) is not None:
        rebuilt.known += 1
        return
    numbers = _unbroken(job)
    if not numbers:
        rebuilt.left_out[job.signature] = "it was never handed in"
        return
    try:
        base = record_of(job, link)
    except (SojournError, KeyError, TypeError, ValueError, AttributeError) as error:
        rebuilt.left_out[job.signature] = f"its record cannot be read: {error}"
        return
    session.store.put_jobs([replace(base, attempt=numbers[0])])
    for number in numbers:
        if number > numbers[0]:
            before = session.record(job.signature, link.name)
            session.store.new_attempt(
                job.signature,
                link.name,
                expected=before.state,
                expected_attempt=before.attempt,
                source="rebuild",
            )
        present = session.record(job.signature, link.name)
        last = number == numbers[-1]
        session.store.change_many([_found(present, job.attempts[number], link, last=last)])
    rebuilt.added.append(session.record(job.signature, link.name))


def _unbroken(job: FoundJob) -> list[int]:
    """The attempts that were claimed, up to the newest: as far back as none is missing."""
    claimed = {n for n, seen in job.attempts.items() if seen.claim or seen.id or seen.started}
    if not claimed:
        return []
    first = newest = max(claimed)
    while first - 1 in claimed:
        first -= 1
    return list(range(first, newest + 1))


def _found(record: JobRecord, seen: SiteEvidence, link: "Link", *, last: bool) -> StateChange:
    """What has become of one attempt, by its files alone."""
    fields: dict[str, Any] = {
        "token": "" if seen.claim == EMPTY else seen.claim,
        "task_index": seen.claim_index,
        "scheduler_id": seen.started_id,
        "submitted_at": time.time() - seen.claim_age,
        "started_at": seen.started_at,
        "job_dir": layout.attempt_path(link.context.root, record.signature, record.attempt),
        "imported": ROOT,
    }
    evidence = ""
    if seen.exit is not None:
        # Only about the last one is the scheduler asked yet.
        word = SchedulerWord(Phase.UNKNOWN if last else Phase.ABSENT)
        answer = PollAnswer(record.signature, record.attempt, word, seen)
        judged = judge(record, answer, time.time(), walltime=_walltime(record))
        state, reason = judged.state, judged.reason
        fields |= judged.fields
        fields["exit_code"] = judged.exit_code
        evidence = f"exit file: status {seen.exit.status}, decided by {seen.exit.phase}"
    elif seen.closed:
        state, reason = State.CANCELLED, "it was closed before it started"
    elif last:
        state, reason = State.SUBMITTING, "found on the machine; it is asked about"
    else:
        state, reason = State.LOST, "it left no exit status, and was followed by another attempt"
    return StateChange(
        record.signature, record.machine, record.state, record.attempt, state, time.time(),
        reason=reason, evidence=evidence, source="rebuild", fields=fields,
    )  # fmt: skip


def _walltime(record: JobRecord) -> int | None:
    return Resources.model_validate_json(record.resources).walltime


def _checked(told: Mapping[str, Any], word: str, default: str) -> str:
    """A text of resource words as it was recorded; `default` where it cannot be read."""
    text = told.get(word, default)
    if text == default or not isinstance(text, str):
        return default
    words = json.loads(text)
    Resources.model_validate(words["resources"] if word == "asked" else words)
    return text


def record_of(job: FoundJob, link: "Link") -> JobRecord:
    """The record of a job as its job.json has it, without anything about a run.

    Raises:
        SojournError, KeyError, TypeError, ValueError: it is not one, or not of this job.
    """

    told = job.record
    Job.from_json(told["job"])
    if signature_of(told["components"]) != job.signature or told["signature"] != job.signature:
        raise ValueError("it belongs to another signature")
    Resources.model_validate_json(told.get("resources", "{}"))
    return JobRecord(
        signature=job.signature,
        machine=link.name,
        name=str(told.get("name", "")),
        backend=link.machine.backend,
        workflow=str(told.get("workflow", "")),
        step=str(told.get("step", "")),
        workflow_version=str(told.get("workflow_version", "")),
        user=str(told.get("user", "")),
        created_at=float(told.get("created_at", 0.0)),
        root_id=link.context.root_id,
        imported=ROOT,
        parents=tuple(str(parent) for parent in told.get("parents", ())),
        resources=str(told.get("resources", "{}")),
        asked=_checked(told, "asked", ""),
        given=_checked(told, "given", "{}"),
        job=json.dumps(told["job"]),
        components=json.dumps(told["components"]),
    )
