"""Telling of a job that did not end well, with the last lines of what it printed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sojourn.errors import JobFailed, MachineError
from sojourn.session.links import Link
from sojourn.site.logs import read_tails
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.store.store import Store

TAIL_LINES = 20
"""Last lines of standard error that an error carries."""

_TAIL_BYTES = 8192


def failed(link: Link, store: "Store", records: Sequence[JobRecord]) -> dict[str, JobFailed]:
    """The errors of jobs that ended, but not well; one trip for what they printed.

    What a job printed is remembered, so that the same failure is told later without contact.
    """
    tails = {r.signature: r.stderr_tail for r in records}
    asked = [r for r in records if not tails[r.signature] and r.scheduler_id]
    if asked:
        attempts = [(r.signature, r.attempt) for r in asked]
        try:
            found = link.contact(lambda: _read(link, attempts))
        except MachineError:
            found = {}
        for record in asked:
            text = found.get((record.signature, record.attempt), "")
            tails[record.signature] = "\n".join(text.splitlines()[-TAIL_LINES:])
        store.update_many(
            (r.signature, r.machine, r.attempt, {"stderr_tail": tails[r.signature]})
            for r in asked
            if tails[r.signature]
        )
    return {record.signature: error_of(record, tails[record.signature]) for record in records}


def _read(link: Link, attempts: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
    with link.context.trip() as dialogue:
        return read_tails(dialogue, attempts, "stderr", _TAIL_BYTES)


def error_of(record: JobRecord, stderr_tail: str = "") -> JobFailed:
    """The error for a job in a final state other than COMPLETED."""
    what = f"job {record.name or record.signature[:12]} on {record.machine} is {record.state}"
    short = record.signature[:8]
    hint = f"`sojourn logs {short} --stderr` shows what it printed; `sojourn retry {short}` runs it again"
    if record.blocked_by:
        hint = f"`sojourn retry {record.blocked_by[:8]}` runs its parent again, and then this one"
    return JobFailed(
        f"{what}: {record.reason}" if record.reason else what,
        signature=record.signature,
        state=record.state,
        exit_code=record.exit_code,
        reason=record.reason,
        stderr_tail=stderr_tail,
        hint=hint,
    )
