"""`sojourn machines show`: one machine, as it is configured, and what we have cost it."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from sojourn.cli import completing, output
from sojourn.cli.amounts import local_time, size
from sojourn.cli.opening import open_store
from sojourn.cli.options import as_json
from sojourn.store.machines import MachineRecord
from sojourn.store.records import rfc3339

if TYPE_CHECKING:
    from sojourn.machines.model import Machine
    from sojourn.states import State

_TIMES = ("state_since", "contacted_at", "polled_at")
_COSTS = ("connections", "trips", "scheduler_calls", "bytes_up", "bytes_down")


@click.command
@click.argument("name", metavar="MACHINE", shell_complete=completing.machines)
@as_json
def command(name: str, as_json: bool) -> None:
    """Show one machine: its configuration with every default, how it stood when it was last
    asked, and what we have cost it so far. Contacts nothing.

    \b
    Examples:
      sojourn machines show hpc
      sojourn machines show hpc --json
    """
    from sojourn.machines.loading import load_machines

    machine = load_machines().get(name)
    with open_store() as store:
        record = store.machine(name) or MachineRecord(name)
        jobs = store.counts(machine=name)
    if as_json:
        output.rows([_as_object(machine, record, jobs)])
        return
    for key, value in _configuration(machine):
        output.line(f"{key:<16} {value}")
    output.line()
    for key, value in _standing(record, jobs):
        output.line(f"{key:<16} {value}")


def _as_object(
    machine: "Machine", record: MachineRecord, jobs: "Mapping[State, int]"
) -> dict[str, Any]:
    state = {name: getattr(record, name) for name in record.__slots__ if name not in _COSTS}
    for name in _TIMES:
        state[name] = None if state[name] is None else rfc3339(state[name])
    return {
        "name": machine.name,
        "configuration": machine.model_dump(mode="json", exclude={"name"}),
        "standing": {name: value for name, value in state.items() if name != "name"},
        "jobs": {state.value: number for state, number in jobs.items()},
        "cost": {name: getattr(record, name) for name in _COSTS},
    }


def _configuration(machine: "Machine") -> Iterator[tuple[str, str]]:
    """Every key as it would stand in the file, those that hold nothing left out."""
    told = machine.model_dump(mode="json", exclude_none=True)
    flat = {**told, **told.pop("connection", {}), **told.pop("options", {})}
    for key in ("options", "connection"):
        flat.pop(key, None)
    flat["defaults"] = machine.defaults.model_dump(mode="json", exclude_defaults=True)
    for key, value in flat.items():
        if value in ("", [], {}, None):
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        yield key, text.rstrip("\n").replace("\n", f"\n{'':<16} ")


def _standing(record: MachineRecord, jobs: "Mapping[State, int]") -> Iterator[tuple[str, str]]:
    yield "state", f"{record.state}{': ' + record.cause if record.cause else ''}"
    if record.contacted_at is not None:
        yield "last answer", local_time(record.contacted_at)
    if record.polled_at is not None:
        yield (
            "last poll",
            f"{local_time(record.polled_at)}, which took the scheduler {record.poll_seconds:.2f} s",
        )
    if record.root_path:
        yield "root there", f"{record.root_path} (id {record.root_id})"
    if jobs:
        yield "jobs", ", ".join(f"{number} {state}" for state, number in jobs.items())
    yield "connections", f"{record.connections:,}"
    yield "trips", f"{record.trips:,}"
    yield "scheduler calls", f"{record.scheduler_calls:,}"
    yield "sent", size(record.bytes_up)
    yield "received", size(record.bytes_down)
