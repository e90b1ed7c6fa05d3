"""Telling of a job that did not end well, with the last lines of what it printed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sojourn.errors import JobFailed, MachineError
from sojourn.session.links import Link
from sojourn.session.streams import stream_of
from sojourn.site.logs import read_tails
from sojourn.states import State
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
        try:
            found = link.contact(lambda: _read(link, asked))
        except MachineError:
            found = [""] * len(asked)
        for record, text in zip(asked, found, strict=True):
            tails[record.signature] = "\n".join(text.splitlines()[-TAIL_LINES:])
        store.update_many(
            (r.signature, r.machine, r.attempt, {"stderr_tail": tails[r.signature]})
            for r in asked
            if tails[r.signature]
        )
    return {record.signature: error_of(record, tails[record.signature]) for record in records}


def _read(link: Link, records: Sequence[JobRecord]) -> list[str]:
    """What each printed last: as its command's errors, or before these went into an output, when
    what prepares the command has failed."""
    logs = [(r.signature, r.attempt, "stderr") for r in records]
    own = [(r.signature, r.attempt, stream_of(r, "stderr")) for r in records]
    elsewhere = [log for log in own if log not in logs]
    with link.context.trip() as dialogue:
        tails = read_tails(dialogue, [*logs, *elsewhere], _TAIL_BYTES)
    redirected = dict(zip(elsewhere, tails[len(logs) :], strict=True))
    return [redirected.get(log) or tail for log, tail in zip(own, tails, strict=False)]


_TOO_LITTLE = {State.OUT_OF_MEMORY: "memory", State.TIMEOUT: "walltime"}
"""Of what a job had too little that ended so."""


def error_of(record: JobRecord, stderr_tail: str = "") -> JobFailed:
    """The error for a job in a final state other than COMPLETED."""
    what = f"job {record.name or record.signature[:12]} on {record.machine} is {record.state}"
    short = record.signature[:8]
    hint = f"`sojourn logs {short} --stderr` shows what it printed; `sojourn retry {short}` runs it again"
    if (word := _TOO_LITTLE.get(record.state)) is not None:
        hint = (
            f"raise {word} in the script and run it again, or"
            f" `sojourn retry {short} --resource {word}=...`"
        )
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
