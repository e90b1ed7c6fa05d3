"""Which job is meant by a signature, the beginning of one, a scheduler's id, a handle or a record."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sojourn.defaults import SIGNATURE_PREFIX
from sojourn.errors import AmbiguousSignature, NoSuchJob
from sojourn.store.records import JobRecord
from sojourn.suspension import JobHandle

if TYPE_CHECKING:
    from sojourn.store.store import Store

AnyJob = JobHandle | JobRecord | str
"""A job as methods of `Session` take it: a handle, or as on the command line a signature, at least
four characters of its beginning, or MACHINE:ID with the scheduler's id."""

_CANDIDATES = 5


def records_of(store: "Store", jobs: AnyJob | Sequence[AnyJob]) -> list[JobRecord]:
    """The records of one job or of several, in their order.

    Raises:
        NoSuchJob, AmbiguousSignature: one stands for no job, or for several.
    """
    given = [jobs] if isinstance(jobs, AnyJob) else jobs
    keys = [(job.signature, job.machine) for job in given if isinstance(job, JobHandle)]
    known = store.get_many(keys)
    return [_record_of(store, job, known) for job in given]


def _record_of(store: "Store", job: AnyJob, known: dict[tuple[str, str], JobRecord]) -> JobRecord:
    if isinstance(job, JobRecord):
        return job
    if isinstance(job, str):
        return one(store, job)
    record = known.get((job.signature, job.machine))
    if record is None:
        raise NoSuchJob(
            f"there is no job {job.signature[:12]} on {job.machine}",
            hint="`sojourn list` shows all",
        )
    return record


def one(store: "Store", text: str, machine: str | None = None) -> JobRecord:
    """The one job that is meant.

    Raises:
        NoSuchJob, AmbiguousSignature: none is, or several; also if it is on several machines.
    """
    found = resolve(store, text, machine)
    if len(found) > 1:
        places = ", ".join(f"{job.machine} ({job.state})" for job in found)
        raise AmbiguousSignature(
            f"job {found[0].signature[:8]} is on several machines: {places}",
            hint=f"add --machine {found[0].machine}",
        )
    return found[0]


def resolve(store: "Store", text: str, machine: str | None) -> list[JobRecord]:
    """The job of one SIG, on every machine that has it."""
    found = _by_id(store, text) if ":" in text else _by_prefix(store, text)
    if not found:
        raise NoSuchJob(f"there is no job {text!r}", hint=_instead(store, text))
    there = [job for job in found if machine in (None, job.machine)]
    if not there:
        places = ", ".join(sorted({job.machine for job in found}))
        raise NoSuchJob(f"job {text!r} is not on {machine}", hint=f"it is on {places}")
    distinct = list({job.signature: job for job in there}.values())
    if len(distinct) > 1:
        raise AmbiguousSignature(
            f"{text!r} begins the signatures of {len(distinct)} jobs", hint=_candidates(distinct)
        )
    return there


def _by_prefix(store: "Store", text: str) -> Sequence[JobRecord]:
    if len(text) < SIGNATURE_PREFIX:
        raise NoSuchJob(
            f"{text!r} is too short to name a job",
            hint=f"give at least {SIGNATURE_PREFIX} characters of its signature",
        )
    return store.find_prefix(text)


def _by_id(store: "Store", text: str) -> Sequence[JobRecord]:
    """The job with that id: exactly, or without the server's name that some schedulers add."""
    machine, _, identity = text.partition(":")
    found = store.by_scheduler_id(machine, identity)
    if not found and identity and "." not in identity:
        ids = {
            line.scheduler_id
            for line in store.listing(machine=machine)
            if line.scheduler_id.partition(".")[0] == identity
        }
        found = tuple(job for each in ids for job in store.by_scheduler_id(machine, each))
    return found[:1] if len({job.scheduler_id for job in found}) == 1 else found


def _candidates(jobs: Iterable[JobRecord]) -> str:
    listed = [f"{job.signature[:12]} ({job.name or 'no name'}, {job.state})" for job in jobs]
    more = f", and {len(listed) - _CANDIDATES} more" if len(listed) > _CANDIDATES else ""
    return f"one of {', '.join(listed[:_CANDIDATES])}{more}"


def _instead(store: "Store", text: str) -> str:
    named = [line for line in store.listing() if text in (line.name, line.step)]
    if named:
        return f"jobs go by signature: {named[0].signature[:8]} is called {text!r}"
    return "`sojourn list` shows all that are known here"
