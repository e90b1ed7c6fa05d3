"""What is told of one line of the tree, as text: all that `show`, `explain` and `script` say."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.cli.amounts import local_time
from sojourn.cli.commands.explain import story
from sojourn.cli.facts import facts
from sojourn.cli.factsheet import sheet
from sojourn.errors import SojournError
from sojourn.printable import flat, plain
from sojourn.store.plans import WorkflowRecord
from sojourn.store.records import JobRecord
from sojourn.top.model import Kind, Node

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.store.store import Store


@dataclass(frozen=True, slots=True)
class Told:
    """The texts of the panes. `script` is made only when it is asked for."""

    about: str = ""
    events: str = ""


def tell(session: "Session", node: Node, now: float) -> Told:
    """About a job: everything that is known here. About others: their counts and records."""
    if node.job is None:
        return Told("\n".join(map(flat, _group(session.store, node))))
    record = session.store.get(node.job.signature, node.job.machine)
    if record is None:
        return Told("it was deleted")
    known = facts(session.store, session.results, record)
    return Told(
        plain("\n".join(sheet(record, known, now))),
        plain("\n".join(story(record, session.store.events(*_key(record)), now))),
    )


def script(session: "Session", node: Node) -> str:
    """The script that the scheduler was handed, made again; where it cannot be, what was asked."""
    record = None if node.job is None else session.store.get(node.job.signature, node.job.machine)
    if record is None:
        return ""
    from sojourn.cli.rendering import render
    from sojourn.values.job import Job

    try:
        return plain(render(session, Job.from_json(json.loads(record.job)), record.machine))
    except SojournError as error:
        return plain("\n".join(_as_recorded(record, error)))


def _as_recorded(record: JobRecord, error: SojournError) -> Iterator[str]:
    job = json.loads(record.job)
    yield f"# the whole script cannot be made here now: {error.message}"
    yield "# what was asked for:"
    yield from job.get("setup", ())
    command = job.get("command") or job.get("script") or ""
    if isinstance(command, list):
        import shlex

        command = shlex.join(command)
    yield command


def _key(record: JobRecord) -> tuple[str, str]:
    return record.signature, record.machine


def _group(store: "Store", node: Node) -> Iterator[str]:
    yield f"{node.kind.value:<11} {node.label}{'  (paused)' if node.paused else ''}"
    yield f"{'ended':<11} {node.progress}: {node.summary}"
    if node.note:
        yield f"{'status':<11} {node.note}"
    if node.kind is Kind.WORKFLOW:
        record = store.workflow(node.label)
        if record is not None:
            yield from (f"{name:<11} {value}" for name, value in _workflow(record) if value)
        remembered = store.steps(node.label)
        if remembered:
            yield f"{'steps':<11} {len(remembered)} remembered: they are not run again"
    if node.kind is Kind.MACHINE:
        machine = store.machine(node.label)
        if machine is not None:
            yield f"{'root':<11} {machine.root_path}"
            if machine.contacted_at is not None:
                yield f"{'answered':<11} {local_time(machine.contacted_at)}"
            yield (
                f"{'cost':<11} {machine.connections} connections, {machine.trips} trips, "
                f"{machine.scheduler_calls} scheduler calls"
            )


def _workflow(record: WorkflowRecord) -> Iterator[tuple[str, str]]:
    yield "version", record.version
    yield "script", " ".join(filter(None, (record.script, *json.loads(record.arguments))))
    yield "directory", record.directory
    if record.last_run_at is not None:
        yield "last run", local_time(record.last_run_at)
    if record.resumed_at is not None:
        yield "resumed", f"{record.resumes} times, the last at {local_time(record.resumed_at)}"
    yield "log", record.log
