"""A table of jobs, and what is to be said about their machines."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sojourn.cli import output
from sojourn.cli.amounts import age, duration
from sojourn.cli.tables import from_columns
from sojourn.states import ACTIVE, State
from sojourn.store.machines import NEEDS_LOGIN, OK
from sojourn.store.records import JobLine, JobRecord

if TYPE_CHECKING:
    from sojourn.store.machines import Machines
    from sojourn.store.pauses import Pauses

HEADS = ("JOB", "STATE", "NAME", "WORKFLOW", "STEP", "MACHINE", "ID", "AGE", "TIME", "REASON")
FIELDS = (
    "signature", "state", "name", "workflow", "step", "machine", "scheduler_id",
    "submitted_at", "created_at", "started_at", "finished_at", "reason", "attempt", "paused",
    "cancel_requested",
)  # fmt: skip
"""What of a job a row of the table is made of."""

Key = tuple[str, str]
"""A job: its signature and its machine."""

_NOT_STARTED = frozenset({State.NEW, State.SUBMITTING, State.QUEUED, State.HELD})
_STATE = HEADS.index("STATE")
_GIVEN_BY_PEOPLE = tuple(HEADS.index(head) for head in ("NAME", "WORKFLOW", "STEP"))
"""Columns of any width, cut where a terminal is too narrow."""
_DISPENSABLE = tuple(
    HEADS.index(head) for head in ("ID", "TIME", "WORKFLOW", "STEP", "MACHINE", "AGE", "NAME")
)
"""Columns that are left out, in this order, where a terminal is narrower still."""


def show(
    jobs: Sequence[JobLine | JobRecord],
    *,
    as_json: bool,
    superseded: Collection[Key] = frozenset(),
) -> None:
    """Print jobs to stdout: a table, or a list of objects; the `superseded` ones are marked."""
    if as_json:
        output.rows(
            job.to_json() | {"superseded": (job.signature, job.machine) in superseded}
            for job in jobs
        )
    elif jobs:
        columns = dict(zip(FIELDS, columns_of(jobs), strict=True))
        columns["reason"] = marked_column(columns, superseded)
        output.text(
            table_of(list(columns.values()), width=output.width(), colors=output.colorful())
        )


def as_table(
    jobs: Sequence[JobLine | JobRecord], *, width: int | None = None, colors: bool = False
) -> str:
    """The table. AGE is the time since it was handed in (or recorded), TIME how long it ran."""
    return table_of(columns_of(jobs), width=width, colors=colors)


def columns_of(jobs: Sequence[JobLine | JobRecord]) -> list[Sequence[Any]]:
    """The columns `FIELDS` of jobs."""
    return list(zip(*map(attrgetter(*FIELDS), jobs), strict=True)) or [()] * len(FIELDS)


def table_of(
    columns: Sequence[Sequence[Any]], *, width: int | None = None, colors: bool = False
) -> str:
    """The table of jobs that are given by columns, those of `FIELDS`: there may be thousands."""
    (
        signatures, states, names, workflows, steps, machines, ids,
        submitted, created, started, finished, reasons, attempts, paused, cancelled,
    ) = columns  # fmt: skip
    now = time.time()
    begun = (at or recorded for at, recorded in zip(submitted, created, strict=True))
    said = zip(states, reasons, attempts, paused, cancelled, strict=True)
    shown = (
        [signature[:8] for signature in signatures],
        list(map(str, states)),
        names,
        workflows,
        steps,
        machines,
        ids,
        [age(now - at) for at in begun],
        [_ran(*times, now) for times in zip(states, started, finished, strict=True)],
        [_remark(*each) for each in said],
    )
    return from_columns(
        HEADS, shown, width=width, paint=output.paint if colors else None, painted=_STATE,
        yielding=_GIVEN_BY_PEOPLE, dispensable=_DISPENSABLE,
    )  # fmt: skip


def paused_column(columns: Mapping[str, Sequence[Any]], pauses: "Pauses") -> tuple[bool, ...]:
    """Whether each job is paused in fact: by itself, with its machine, or with its workflows."""
    names = ("signature", "machine", "state", "paused")
    return tuple(
        bool(paused)
        or (state in ACTIVE and (machine in pauses.machines or (signature, machine) in pauses.jobs))
        for signature, machine, state, paused in zip(*(columns[n] for n in names), strict=True)
    )


def marked_column(
    columns: Mapping[str, Sequence[Any]], superseded: Collection[Key]
) -> Sequence[str]:
    """The reasons, with a mark before those of superseded jobs."""
    if not superseded:
        return columns["reason"]
    keys = zip(columns["signature"], columns["machine"], strict=True)
    return [
        "; ".join(filter(None, ("superseded", reason))) if key in superseded else reason
        for key, reason in zip(keys, columns["reason"], strict=True)
    ]


def run_time(job: JobLine | JobRecord, now: float) -> str:
    """How long it has run, or did; "" if it has not started."""
    return _ran(job.state, job.started_at, job.finished_at, now)


def _ran(state: str, started: float | None, finished: float | None, now: float) -> str:
    if started is None or state in _NOT_STARTED:
        return ""
    if finished is not None:
        return duration(finished - started)
    return duration(now - started) if state in ACTIVE else ""


def remark(job: JobLine | JobRecord) -> str:
    """The reason, and what a person has asked for."""
    return _remark(job.state, job.reason, job.attempt, job.paused, job.cancel_requested)


def _remark(state: str, reason: str, attempt: int, paused: bool, cancelled: bool) -> str:
    if attempt == 1 and not paused and not cancelled:
        return reason
    asked = []
    if paused:
        asked.append("paused")
    if cancelled and state in ACTIVE:
        asked.append("asked to end")
    if attempt > 1:
        asked.append(f"attempt {attempt}")
    return "; ".join(filter(None, [*asked, reason]))


def summary(jobs: Iterable[JobLine | JobRecord]) -> str:
    """How many are in each state: `2 RUNNING, 3 QUEUED`."""
    jobs = list(jobs)
    states = [job.state for job in jobs]
    text = ", ".join(f"{states.count(state)} {state}" for state in State if state in states)
    stuck = sum(job.needs_person for job in jobs)
    return f"{text} ({stuck} waiting for a person)" if stuck else text


def machine_notes(store: "Machines", jobs: Iterable[JobLine | JobRecord]) -> list[str]:
    """What is to be known of the machines of active jobs: how old what is shown is, and why."""
    return notes_on(store, {job.machine for job in jobs if job.state in ACTIVE})


def notes_on(store: "Machines", names: set[str]) -> list[str]:
    """The same, of the machines with these names."""
    notes = []
    for name, machine in store.machines().items() if names else ():
        if name not in names:
            continue
        if machine.paused:
            notes.append(f"{name} is paused: `sojourn unpause --machine {name}` releases it")
        if machine.state == OK:
            continue
        known = (
            f"what is shown is {age(time.time() - machine.contacted_at)} old"
            if machine.contacted_at is not None
            else "it has never answered"
        )
        if machine.state == NEEDS_LOGIN:
            notes.append(f"{name} needs login, {known}: run `sojourn login {name}`")
        else:
            notes.append(f"{name} could not be asked, {known}: {machine.cause}")
    return notes
