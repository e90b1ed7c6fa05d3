"""`sojourn machines list`."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from sojourn.cli import output
from sojourn.cli.amounts import age
from sojourn.cli.ending import failed_each
from sojourn.cli.opening import open_store
from sojourn.cli.options import as_json
from sojourn.cli.tables import table
from sojourn.cli.welcome import say_what_to_install
from sojourn.errors import SojournError, UnknownMachine
from sojourn.states import ACTIVE
from sojourn.store.records import rfc3339

if TYPE_CHECKING:
    from sojourn.machines.loading import Machines
    from sojourn.machines.resolving import Entry
    from sojourn.store.machines import MachineRecord

_HEADS = ("NAME", "BACKEND", "TRANSPORT", "HOST", "STATE", "CONTACT", "ACTIVE JOBS", "FILE")


@click.command
@as_json
def command(as_json: bool) -> int:
    """List the machines of machines.yaml; contacts none.

    Mistakes in entries are named; the exit status is 2 then.

    \b
    Examples:
      sojourn machines list
      sojourn machines list --json
    """
    from sojourn.machines.loading import load_machines

    machines = load_machines()
    mistakes = _mistakes(machines)
    with open_store() as store:
        remembered, active = store.machines(), store.machines_with(ACTIVE)
    found = []
    for name in machines.names():
        entry = machines.entry(name)
        one = _as_object(entry, remembered.get(name), active.get(name, 0))
        error = mistakes.get(name)
        found.append(one | {"mistake": "" if error is None else error.message})
    if as_json:
        output.rows(found)
    else:
        rows = [_cells(one, remembered.get(one["name"])) for one in found]
        click.echo(table(_HEADS, rows, width=output.width()))
    for name in sorted(active.keys() - set(machines.names())):
        output.note(f"{active[name]} active jobs are on {name}, which is no longer configured")
    say_what_to_install()
    return failed_each(list(mistakes.values()))


def _mistakes(machines: "Machines") -> dict[str, SojournError]:
    """What is wrong with entries, by machine."""
    found: dict[str, SojournError] = {}
    for name in machines.names():
        try:
            machines.get(name)
        except SojournError as error:
            found[name] = error
    if not found and len(machines.names()) > 1:
        try:
            machines.default()
        except UnknownMachine:
            pass  # none is named: that is no mistake
        except SojournError as error:
            found["default"] = error
    return found


def _as_object(entry: "Entry", record: "MachineRecord | None", active: int) -> dict[str, Any]:
    contacted = record.contacted_at if record is not None else None
    return {
        "name": entry.name,
        "backend": entry.backend,
        "transport": entry.transport,
        "host": str(entry.keys.get("host", "")),
        "state": "" if record is None else record.state,
        "detail": "" if record is None else record.detail,
        "contacted_at": None if contacted is None else rfc3339(contacted),
        "active_jobs": active,
        "file": str(entry.document.file),
    }


def _cells(one: Mapping[str, Any], record: "MachineRecord | None") -> tuple[str, ...]:
    at = record.contacted_at if record is not None else None
    paused = " (paused)" if record is not None and record.paused else ""
    return (
        one["name"],
        one["backend"],
        one["transport"],
        one["host"],
        one["state"] + paused,
        "" if at is None else f"{age(time.time() - at)} ago",
        str(one["active_jobs"] or ""),
        one["file"],
    )
