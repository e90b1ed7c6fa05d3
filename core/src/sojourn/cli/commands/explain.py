"""`sojourn explain`: why a job is in its state, or why two signatures differ."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from sojourn.cli import output
from sojourn.cli.amounts import age, local_time
from sojourn.cli.joblist import machine_notes, remark
from sojourn.cli.opening import open_store
from sojourn.cli.options import as_json, of_machine
from sojourn.cli.selection import one
from sojourn.cli.signatures import Signed, signed
from sojourn.printable import flat
from sojourn.session.trust import TICKET, TRUSTED_TICKET
from sojourn.store.history import EventRecord
from sojourn.store.records import JobRecord, rfc3339

if TYPE_CHECKING:
    from sojourn.identity.compare import Difference
    from sojourn.store.store import Store


@click.command
@click.argument("signatures", nargs=-1, required=True, metavar="SIG [SIG]")
@of_machine
@as_json
def command(signatures: tuple[str, ...], machine: str | None, as_json: bool) -> None:
    """Say why a job is in its state; or, of two jobs or steps, why their signatures differ.

    One SIG: every change of its state with the words behind it, and what the scheduler says
    now. Two: each component of their identities that is not the same. Contacts no machine.

    \b
    Examples:
      sojourn explain 3f2a
      sojourn explain 3f2a 77c0
    """
    if len(signatures) > 2:
        raise click.UsageError("it takes one SIG, or two to compare")
    with open_store() as store:
        if len(signatures) == 2:
            _compare([signed(store, text, machine) for text in signatures], as_json)
        else:
            _history(store, one(store, signatures[0], machine), as_json)


def _history(store: "Store", job: JobRecord, as_json: bool) -> None:
    events = store.events(job.signature, job.machine)
    if as_json:
        output.rows(map(_as_object, events))
        return
    for text in story(job, events, time.time()):
        output.line(text)
    for text in machine_notes(store, [job]):
        output.note(text)


def story(job: JobRecord, events: Sequence[EventRecord], now: float) -> Iterator[str]:
    """Lines: how it stands at the time `now`, and every change of its state with its evidence."""
    yield f"job {job.signature[:12]}{' ' + flat(job.name) if job.name else ''} on {job.machine}"
    why = f": {remark(job)}" if remark(job) else ""
    asked = f" (last asked {age(now - job.polled_at)} ago)" if job.polled_at else ""
    yield f"is {job.state}{why}{asked}"
    if job.blocked_by:
        yield f"because of its parent {job.blocked_by[:12]}: `sojourn explain {job.blocked_by[:8]}`"
    if job.imported:
        yield imported(job)
    yield ""
    yield f"{local_time(job.created_at)}  recorded"
    for event in events:
        attempt = f"  attempt {event.attempt}" if event.attempt > 1 else ""
        by = f"  [{event.source}]" if event.source else ""
        yield f"{local_time(event.at)}  {event.old} -> {event.new}{attempt}{by}"
        if event.reason:
            yield f"    {event.reason}"
        for text in event.evidence.splitlines():
            yield f"    | {text}"


def imported(job: JobRecord) -> str:
    """Where the record comes from, and what that means."""
    if job.imported == TRUSTED_TICKET:
        return "imported from a ticket that you trust: counts on every machine"
    how = "imported from a ticket" if job.imported == TICKET else "submitted by another client"
    return f"{how}: counts on {job.machine} only, unless that machine's entry says `trust: true`"


def _as_object(event: EventRecord) -> dict[str, Any]:
    return {
        "signature": event.signature,
        "machine": event.machine,
        "attempt": event.attempt,
        "at": rfc3339(event.at),
        "old": event.old.value,
        "new": event.new.value,
        "reason": event.reason,
        "exit_code": event.exit_code,
        "source": event.source,
        "evidence": event.evidence,
    }


def _compare(two: Sequence[Signed], as_json: bool) -> None:
    from sojourn.identity.compare import ABSENT, differences

    before, after = two
    found = differences(before.components, after.components)
    if as_json:
        output.rows(
            {
                "component": one.component,
                **({} if one.before is ABSENT else {"before": one.before}),
                **({} if one.after is ABSENT else {"after": one.after}),
            }
            for one in found
        )
        return
    for sign, what in (("-", before), ("+", after)):
        output.line(f"{sign} {what.signature[:12]} {flat(what.name)}".rstrip())
    for difference in found:
        for text in _difference(difference):
            output.line(text)
    if not found:
        output.note("they do not differ: it is the same identity")


def _difference(difference: "Difference") -> Iterator[str]:
    """The component, and what it was and is; texts of several lines line by line."""
    from sojourn.identity.compare import ABSENT

    yield f"{difference.component}:"
    old, new = difference.before, difference.after
    if isinstance(old, str) and isinstance(new, str) and ("\n" in old or "\n" in new):
        from difflib import unified_diff

        changed = list(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1))
        yield from (f"  {text}" for text in changed[2:] if not text.startswith("@@"))
        return
    if old is not ABSENT:
        yield f"  - {json.dumps(old)}"
    if new is not ABSENT:
        yield f"  + {json.dumps(new)}"
