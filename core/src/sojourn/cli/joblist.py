"""A table of jobs, and what is to be said about their machines."""

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sojourn.cli import output
from sojourn.cli.amounts import age, duration
from sojourn.cli.tables import from_columns
from sojourn.states import ACTIVE, State
from sojourn.store.machines import NEEDS_LOGIN, OK
from sojourn.store.records import JobLine, JobRecord

if TYPE_CHECKING:
    from sojourn.store.machines import Machines

HEADS = ("JOB", "STATE", "NAME", "WORKFLOW", "STEP", "MACHINE", "ID", "AGE", "TIME", "REASON")
_NOT_STARTED = frozenset({State.NEW, State.SUBMITTING, State.QUEUED, State.HELD})
_STATE = HEADS.index("STATE")


def show(jobs: Sequence[JobLine | JobRecord], *, as_json: bool) -> None:
    """Print jobs to stdout: a table, or a list of objects."""
    if as_json:
        output.rows(job.to_json() for job in jobs)
    elif jobs:
        output.text(as_table(jobs, width=output.width(), colors=output.colorful()))


def as_table(
    jobs: Sequence[JobLine | JobRecord], *, width: int | None = None, colors: bool = False
) -> str:
    """The table. AGE is the time since it was handed in (or recorded), TIME how long it ran."""
    now = time.time()
    columns = (
        [job.signature[:8] for job in jobs],
        [job.state.value for job in jobs],
        _flat([job.name for job in jobs]),
        _flat([job.workflow for job in jobs]),
        _flat([job.step for job in jobs]),
        [job.machine for job in jobs],
        [job.scheduler_id for job in jobs],
        [age(now - (job.submitted_at or job.created_at)) for job in jobs],
        [run_time(job, now) for job in jobs],
        _flat([remark(job) for job in jobs]),
    )
    return from_columns(
        HEADS, columns, width=width, paint=output.paint if colors else None, painted=_STATE
    )


def _flat(column: list[str]) -> list[str]:
    """`output.flat` of each, looked at together first: there are thousands."""
    return column if "".join(column).isprintable() else list(map(output.flat, column))


def run_time(job: JobLine | JobRecord, now: float) -> str:
    """How long it has run, or did; "" if it has not started."""
    if job.started_at is None or job.state in _NOT_STARTED:
        return ""
    if job.finished_at is not None:
        return duration(job.finished_at - job.started_at)
    return duration(now - job.started_at) if job.state in ACTIVE else ""


def remark(job: JobLine | JobRecord) -> str:
    """The reason, and what a person has asked for."""
    if job.attempt == 1 and not job.paused and not job.cancel_requested:
        return job.reason
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


def machine_notes(store: "Machines", jobs: Iterable[JobLine | JobRecord]) -> list[str]:
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
