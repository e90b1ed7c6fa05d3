"""Importing a ticket: its jobs become known here, and machines that are not, described."""

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.errors import StoreError, UsageError
from sojourn.folder import Folder, write_all
from sojourn.home import home, private_directory
from sojourn.machines import reach
from sojourn.machines.places import imported_file
from sojourn.session.trust import TICKET, TRUSTED_TICKET
from sojourn.store.records import JobRecord
from sojourn.tickets.ticket import AS_JSON

if TYPE_CHECKING:
    from sojourn.machines.loading import Machines
    from sojourn.store.store import Store
    from sojourn.tickets.ticket import Ticket, TicketJob, TicketMachine


@dataclass(frozen=True, slots=True)
class Matched:
    """Where a ticket's machines are: `names` by the ticket's name, and by name the entries `new`
    that would have to be added here."""

    names: dict[str, str]
    new: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a ticket: jobs that are new here, and machines that it described."""

    jobs: tuple[JobRecord, ...]
    known: int
    machines: tuple[str, ...]


def match(ticket: "Ticket", machines: "Machines", store: "Store") -> Matched:
    """Find the ticket's machines among those that are configured here: by name, or as the same
    place under another name.

    Raises:
        UsageError: one is unknown here, and is not described in a way that can be taken from
            somebody else.
    """
    matched = Matched({}, {})
    for name in dict.fromkeys(job.machine for job in ticket.jobs):
        described = ticket.machines[name]
        here = name if name in machines.names() else _same(described, machines, store)
        matched.names[name] = here or name
        if here:
            continue
        keys = described.keys.keys
        why = reach.why_not(keys)
        if why:
            raise UsageError(
                f"there is no machine {name!r} here, and the ticket cannot add it: {why}",
                hint=f"write an entry {name}: in machines.yaml, then import the ticket again",
            )
        matched.new[name] = keys
    return matched


def _same(described: "TicketMachine", machines: "Machines", store: "Store") -> str:
    """The name under which a machine is configured here, "" if it is not."""
    keys = described.keys.keys
    for name in machines.names():
        known = store.machine(name)
        entry = dict(machines.entry(name).keys)
        if known is not None and known.root_path:
            entry["root"] = known.root_path
        if known is not None and known.root_id and known.root_id == described.root_id:
            return name
        if "host" in keys and reach.same(entry, keys):
            return name
    return ""


def take_in(ticket: "Ticket", matched: Matched, store: "Store", *, trust: bool = False) -> Imported:
    """Record a ticket's jobs; what is known here stays as it is, but for the trust in it.

    Machines that are new are written to a file of its own in Sojourn's home, which any other
    `machines.yaml` outranks. With `trust` the jobs count as if they had been submitted here.
    """
    if matched.new:
        _describe(matched.new)
    imported = TRUSTED_TICKET if trust else TICKET
    records = [
        _record(job, matched.names[job.machine], ticket.machines[job.machine].root_id, imported)
        for job in ticket.jobs
    ]
    added = store.put_jobs(records)
    fresh = tuple(record for record, is_new in zip(records, added, strict=True) if is_new)
    if trust:
        _trust_known([one for one, is_new in zip(records, added, strict=True) if not is_new], store)
    return Imported(fresh, len(records) - len(fresh), tuple(matched.new))


def _trust_known(records: list[JobRecord], store: "Store") -> None:
    """Jobs of a ticket that was imported before, without trust."""
    for record in records:
        known = store.get(record.signature, record.machine)
        if known is not None and known.imported == TICKET:
            store.update_fields(record.signature, record.machine, imported=TRUSTED_TICKET)


def _describe(entries: dict[str, dict[str, Any]]) -> None:
    path = imported_file()
    known = json.loads(path.read_text()) if path.exists() else {"machines": {}}
    known["machines"] = {**known["machines"], **entries}
    private_directory(home())
    try:
        with Folder.open(path.parent) as folder, folder.replace(path.name) as draft:
            os.fchmod(draft, 0o600)
            write_all(draft, f"{json.dumps(known, indent=2)}\n".encode())
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def _record(job: "TicketJob", machine: str, root_id: str, imported: str) -> JobRecord:
    given = {**job.model_dump(), "machine": machine}
    for word in AS_JSON:
        given[word] = json.dumps(given[word])
    return JobRecord(**given, root_id=root_id, imported=imported)
