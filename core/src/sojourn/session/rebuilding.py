"""Making the store anew from what lies on a machine: each job's own record, and its files.

What is known already is brought forward to the newest attempt, and not changed otherwise. What comes from the machine is not trusted: a record
whose components do not make up its signature is left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sojourn.errors import SojournError
from sojourn.identity.canonical import signature_of
from sojourn.session.adopt import Attempts, record_attempt, unbroken
from sojourn.session.trust import ROOT
from sojourn.site.survey import FoundJob, survey
from sojourn.states import FINAL
from sojourn.store.records import JobRecord
from sojourn.values.job import Job
from sojourn.values.outside import is_instant
from sojourn.values.resources import Resources

if TYPE_CHECKING:
    from sojourn.session.links import Link
    from sojourn.session.session import Session


@dataclass(slots=True)
class Rebuilt:
    """What came of it: jobs that are in the store now and were not, those that were known in an
    earlier attempt, those that were known, and what could not be recorded, with the reason."""

    added: list[JobRecord] = field(default_factory=list)
    renewed: list[JobRecord] = field(default_factory=list)
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
    out = [job for job in (*rebuilt.added, *rebuilt.renewed) if job.state not in FINAL]
    if out:
        session.refresh_each(out)
        rebuilt.added = session.again(rebuilt.added)
        rebuilt.renewed = session.again(rebuilt.renewed)
    return rebuilt


def _take(session: "Session", link: "Link", job: FoundJob, rebuilt: Rebuilt) -> None:
    attempts = unbroken(job.attempts)
    known = session.store.get(job.signature, link.name)
    if known is not None:
        if max(attempts, default=0) > known.attempt:
            _record(session, link, job.signature, attempts)
            rebuilt.renewed.append(session.record(job.signature, link.name))
        else:
            rebuilt.known += 1
        return
    if not attempts:
        rebuilt.left_out[job.signature] = "it was never handed in"
        return
    try:
        base = record_of(job, link)
    except (
        SojournError, KeyError, TypeError, ValueError, AttributeError, RecursionError
    ) as error:  # fmt: skip
        rebuilt.left_out[job.signature] = f"its record cannot be read: {error}"
        return
    session.store.put_jobs([replace(base, attempt=min(attempts))])
    _record(session, link, job.signature, attempts)
    rebuilt.added.append(session.record(job.signature, link.name))


def _record(session: "Session", link: "Link", signature: str, attempts: Attempts) -> None:
    for number, seen in attempts.items():
        last = number == max(attempts)
        record_attempt(session.store, link, signature, number, seen, last, "rebuild")


def record_of(job: FoundJob, link: "Link") -> JobRecord:
    """The record of a job as its job.json has it, without anything about a run.

    Raises:
        SojournError, KeyError, TypeError, ValueError: it is not one, or not of this job.
    """

    told = job.record
    Job.from_json(told["job"])
    if signature_of(told["components"]) != job.signature or told["signature"] != job.signature:
        raise ValueError("it belongs to another signature")
    resources = Resources.model_validate_json(told.get("resources", "{}"))
    created_at = told.get("created_at", 0.0)
    if not is_instant(created_at):
        raise ValueError(f"created_at is {created_at!r}")
    return JobRecord(
        signature=job.signature,
        machine=link.name,
        name=str(told.get("name", "")),
        backend=link.machine.backend,
        workflow=str(told.get("workflow", "")),
        step=str(told.get("step", "")),
        workflow_version=str(told.get("workflow_version", "")),
        user=str(told.get("user", "")),
        created_at=float(created_at),
        root_id=link.context.root_id,
        imported=ROOT,
        parents=tuple(str(parent) for parent in told.get("parents", ())),
        resources=resources.model_dump_json(exclude_defaults=True),
        asked=_checked(told, "asked", ""),
        given=_checked(told, "given", "{}"),
        job=json.dumps(told["job"]),
        components=json.dumps(told["components"]),
    )


def _checked(told: Mapping[str, Any], word: str, default: str) -> str:
    """A text of resource words as it was recorded; `default` where it cannot be read."""
    text = told.get(word, default)
    if text == default or not isinstance(text, str):
        return default
    words = json.loads(text)
    Resources.model_validate(words["resources"] if word == "asked" else words)
    return text
