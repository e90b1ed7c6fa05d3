"""Jobs that wait and do not go on until somebody changes something, and what there is to do.

Imports nothing heavy: the command line reads this module for its lists.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sojourn.states import State
from sojourn.store.records import JobRecord
from sojourn.values.amounts import resource_text

if TYPE_CHECKING:
    from sojourn.store.jobs import Jobs

_WAITING = frozenset({State.NEW, State.QUEUED, State.HELD})

Key = tuple[str, str]
"""A job: its signature and its machine."""


def stuck(store: "Jobs", records: Iterable[JobRecord]) -> dict[Key, JobRecord]:
    """Those of the jobs that remain as they are until somebody changes something, each with the
    job that needs it: itself, or one whose outputs it waits for."""
    causes: dict[Key, JobRecord | None] = {}
    found = {}
    for record in records:
        cause = _cause(store, record, causes)
        if cause is not None:
            found[record.signature, record.machine] = cause
    return found


def _cause(
    store: "Jobs", record: JobRecord, known: dict[Key, JobRecord | None]
) -> JobRecord | None:
    """The first job that needs a person, among this one and all that it waits for."""
    ahead, seen = [record], {record.signature}
    while ahead:
        one = ahead.pop()
        key = (one.signature, one.machine)
        if one.needs_person or known.get(key) is not None:
            known[record.signature, record.machine] = cause = known.get(key) or one
            return cause
        if key in known or one.state not in _WAITING:
            continue
        new = [(parent, one.machine) for parent in one.parents if parent not in seen]
        seen.update(parent for parent, _ in new)
        ahead += store.get_many(new).values() if new else ()
    known[record.signature, record.machine] = None
    return None


def needs(record: JobRecord) -> str:
    """Why a job needs a person, in a line: the scheduler's words and what the job asks for."""
    what = f"job {record.name or record.step or record.signature[:8]} on {record.machine}"
    if record.name or record.step:
        what = f"job {record.name or record.step} ({record.signature[:8]}) on {record.machine}"
    if record.never_starts:
        given = asked_for(record)
        return f"{what} {record.reason or 'can never start'}" + (f" (asks {given})" * bool(given))
    return f"{what} was refused or not accepted: {record.reason}"


def asked_for(record: JobRecord) -> str:
    """The resources of the newest attempt as people write them: `walltime=3h memory=2GiB`."""
    words = json.loads(record.resources or "{}")
    return " ".join(f"{word}={resource_text(word, value)}" for word, value in words.items())


def remedy(record: JobRecord) -> str:
    """What a person can do about it, in a line."""
    short = record.signature[:8]
    if record.never_starts:
        how = "run it again with --update" if record.workflow else "submit it again with --update"
        return f"change what it asks for and {how}, which replaces it in the queue; or `sojourn cancel {short}`"
    how = "run it" if record.workflow else "submit it"
    return f"change what it asks for and {how} again, or `sojourn retry {short} --resource K=V`"
