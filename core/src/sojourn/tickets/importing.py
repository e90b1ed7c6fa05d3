"""Taking a ticket in: its jobs become known here, and machines that are not, described."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sojourn.errors import StoreError
from sojourn.home import home, private_directory
from sojourn.machines.places import imported_file
from sojourn.store.records import JobRecord
from sojourn.tickets.ticket import AS_JSON

if TYPE_CHECKING:
    from sojourn.machines.loading import Machines
    from sojourn.store.store import Store
    from sojourn.tickets.ticket import Ticket, TicketJob


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a ticket: jobs that are new here, and machines that it described."""

    jobs: tuple[JobRecord, ...]
    known: int
    machines: tuple[str, ...]


def take_in(ticket: "Ticket", machines: "Machines", store: "Store") -> Imported:
    """Record a ticket's jobs; what is known here stays as it is.

    A machine that is not configured here is written to a file of its own in Sojourn's home,
    which any other `machines.yaml` outranks.
    """
    new = tuple(name for name in ticket.machines if name not in machines.names())
    if new:
        _describe({name: ticket.machines[name].keys for name in new})
    records = [_record(job, ticket.machines[job.machine].root_id) for job in ticket.jobs]
    added = store.put_jobs(records)
    fresh = tuple(record for record, is_new in zip(records, added, strict=True) if is_new)
    return Imported(fresh, len(records) - len(fresh), new)


def _describe(entries: dict[str, dict[str, Any]]) -> None:
    path = imported_file()
    known = json.loads(path.read_text()) if path.exists() else {"machines": {}}
    known["machines"] = {**known["machines"], **entries}
    _write(path, json.dumps(known, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    private_directory(home())
    beside = path.with_suffix(".new")
    try:
        beside.write_text(text)
        beside.chmod(0o600)
        beside.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def _record(job: "TicketJob", root_id: str) -> JobRecord:
    given = job.model_dump()
    for word in AS_JSON:
        given[word] = json.dumps(given[word])
    return JobRecord(**given, root_id=root_id)
