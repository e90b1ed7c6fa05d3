"""A table of jobs, and what is to be said about their machines."""

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from sojourn.cli import output
from sojourn.cli.amounts import age, duration
from sojourn.cli.tables import table
from sojourn.states import ACTIVE, State
from sojourn.store.machines import NEEDS_LOGIN, OK
from sojourn.store.records import JobLine, JobRecord

if TYPE_CHECKING:
    from sojourn.store.store import Store

HEADS = ("JOB", "STATE", "NAME", "WORKFLOW", "STEP", "MACHINE", "ID", "AGE", "TIME", "REASON")
_NOT_STARTED = frozenset({State.NEW, State.SUBMITTING, State.QUEUED, State.HELD})
_STATE = HEADS.index("STATE")


def show(jobs: Sequence[JobLine | JobRecord], *, as_json: bool) -> None:
    """Print jobs to stdout: a table, or a list of objects."""
    if as_json:
        output.rows(job.to_json() for job in jobs)
    elif jobs:
        click.echo(as_table(jobs, width=output.width(), colors=output.colorful()))


def as_table(
    jobs: Sequence[JobLine | JobRecord], *, width: int | None = None, colors: bool = False
) -> str:
    """The table. AGE is the time since it was handed in (or recorded), TIME how long it ran."""
    now = time.time()
    rows = [cells(job, now) for job in jobs]
    return table(HEADS, rows, width=width, paint=output.paint if colors else None, painted=_STATE)


def cells(job: JobLine | JobRecord, now: float) -> tuple[str, ...]:
    """One job's row."""
    return (
        job.signature[:8],
        job.state.value,
        output.flat(job.name),
        output.flat(job.workflow),
        output.flat(job.step),
        job.machine,
        job.scheduler_id,
        age(now - (job.submitted_at or job.created_at)),
        run_time(job, now),
        output.flat(remark(job)),
    )


def run_time(job: JobLine | JobRecord, now: float) -> str:
    """How long it has run, or did; "" if it has not started."""
    if job.started_at is None or job.state in _NOT_STARTED:
        return ""
    if job.finished_at is not None:
        return duration(job.finished_at - job.started_at)
    return duration(now - job.started_at) if job.state in ACTIVE else ""


def remark(job: JobLine | JobRecord) -> str:
    """The reason, and what a person has asked for."""
    asked = []
    if job.paused:
        asked.append("paused")
    if job.cancel_requested and job.state in ACTIVE:
        asked.append("asked to end")
    if job.attempt > 1:
        asked.append(f"attempt {job.attempt}")
    return "; ".join(filter(None, [*asked, job.reason]))


def summary(jobs: Iterable[JobLine | JobRecord]) -> str:
    """How many are in each state: `2 RUNNING, 3 QUEUED`."""
    states = [job.state for job in jobs]
    return ", ".join(f"{states.count(state)} {state}" for state in State if state in states)


def machine_notes(store: "Store", jobs: Iterable[JobLine | JobRecord]) -> list[str]:
    """What is to be known of the machines of active jobs: how old what is shown is, and why."""
    names = {job.machine for job in jobs if job.state in ACTIVE}
    notes = []
    for name, machine in store.machines().items() if names else ():
        if name not in names or machine.state == OK:
            continue
        known = (
            f"what is shown is {age(time.time() - machine.contacted_at)} old"
            if machine.contacted_at is not None
            else "it has never answered"
        )
        if machine.state == NEEDS_LOGIN:
            notes.append(f"{name} needs login, {known}: run `sojourn login {name}`")
        else:
            notes.append(f"{name} could not be asked, {known}: {machine.detail}")
    return notes
