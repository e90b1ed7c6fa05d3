"""What pause and unpause have in common: a machine, a workflow, or single jobs."""

from typing import TYPE_CHECKING, Any

from sojourn.cli import output
from sojourn.cli.opening import open_store
from sojourn.cli.selection import Choice, check_workflow, several
from sojourn.errors import EXIT_DONE, UnknownMachine
from sojourn.states import ACTIVE

if TYPE_CHECKING:
    from sojourn.store.store import Store


def set_pause(choice: Choice, *, paused: bool, as_json: bool) -> int:
    """Pause what is meant, or release it; returns the exit status.

    A machine or a workflow that is named alone is meant itself, with jobs that come later;
    everything else stands for the jobs that it chooses.

    Raises:
        UsageError, UnknownMachine, NoSuchJob: nothing of that kind is known.
    """
    with open_store() as store:
        if choice == Choice(machine=choice.machine) and choice.machine is not None:
            told = _machine(store, choice.machine, paused)
        elif choice == Choice(workflow=choice.workflow) and choice.workflow is not None:
            told = _workflow(store, choice.workflow, paused)
        else:
            told = _jobs(store, choice, paused)
    if as_json:
        output.rows(told)
    for one in told:
        output.note(_line(one))
    return EXIT_DONE


def _machine(store: "Store", name: str, paused: bool) -> list[dict[str, Any]]:
    record = store.machine(name)
    if record is None:
        _check_machine(store, name)
    changed = (record is not None and record.paused) != paused
    if changed:
        store.update_machine(name, paused=paused)
    return [_told("machine", name, paused, changed)]


def _check_machine(store: "Store", name: str) -> None:
    """Refuse the name of a machine that there is not."""
    if store.machines_with(ACTIVE).get(name):
        return
    from sojourn.machines.loading import load_machines
    from sojourn.nearest import did_you_mean

    known = load_machines().names()
    if name not in known:
        raise UnknownMachine(f"there is no machine {name!r}", hint=did_you_mean(name, known))


def _workflow(store: "Store", name: str, paused: bool) -> list[dict[str, Any]]:
    from sojourn.store.plans import WorkflowRecord

    record = store.workflow(name)
    if record is None:
        check_workflow(store, name)
        store.put_workflow(WorkflowRecord(name))
    changed = (record is not None and record.paused) != paused
    if changed:
        store.update_workflow(name, paused=paused)
    return [_told("workflow", name, paused, changed)]


def _jobs(store: "Store", choice: Choice, paused: bool) -> list[dict[str, Any]]:
    jobs = several(store, choice, otherwise=ACTIVE)
    store.pause_jobs([(job.signature, job.machine) for job in jobs], paused=paused)
    if not jobs:
        output.note("there is no such job")
    return [
        _told("job", job.signature, paused, job.paused != paused)
        | {"signature": job.signature, "machine": job.machine, "state": job.state.value}
        for job in jobs
    ]


def _told(kind: str, name: str, paused: bool, changed: bool) -> dict[str, Any]:
    return {"kind": kind, "name": name, "paused": paused, "changed": changed}


def _line(one: dict[str, Any]) -> str:
    name = one["name"] if one["kind"] != "job" else f"{one['name'][:8]} on {one['machine']}"
    state = "paused" if one["paused"] else "not paused"
    return f"{one['kind']} {name} is {state}" + ("" if one["changed"] else " already")
