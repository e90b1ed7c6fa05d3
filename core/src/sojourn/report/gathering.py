"""What a report is about, read from the store. Contacts nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.cli.facts import efficiency
from sojourn.states import FINAL, State
from sojourn.store.history import AttemptRecord
from sojourn.store.machines import MachineRecord
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.store.store import Store


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt in time: handed in, started, ended; None for what has not happened (or is not
    known). Seconds since the epoch."""

    submitted: float | None
    started: float | None
    ended: float | None
    state: State

    def begin(self) -> float | None:
        """When it was handed in, or if that is not known, when it started."""
        return self.submitted if self.submitted is not None else self.started

    def end(self, now: float) -> float:
        """When it ended, or now if it has not; an end that is not known is where it was last seen."""
        if self.ended is not None:
            return self.ended
        if self.state in FINAL:
            return self.started or self.submitted or now
        return now


@dataclass(frozen=True, slots=True)
class Told:
    """One job of the report. `shares` are those of `efficiency`; `asked` its resources, `used`
    its usage; `earlier` its attempts before this one."""

    record: JobRecord
    run: Run
    earlier: tuple[Run, ...]
    shares: Mapping[str, float]
    asked: Mapping[str, object]
    used: Mapping[str, float]
    superseded: bool = False
    """Whether the last run of its workflow does not have it any more."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        record = self.record
        return record.name or record.step or record.signature[:8]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that the page tells. `now` is in seconds since the epoch."""

    title: str
    now: float
    jobs: tuple[Told, ...] = ()
    machines: Mapping[str, MachineRecord] = field(default_factory=dict)


def gather(
    store: "Store", *, now: float, workflow: str | None = None, current: bool = True
) -> Gathered:
    """All jobs, or those of a workflow, by workflow, step, and the time they were submitted; with
    `current` of a workflow only those that its last run has."""
    superseded = store.superseded()
    found = store.select(workflow=workflow, current=current, newest_first=False)
    jobs = [
        _told(store, record, (record.signature, record.machine) in superseded) for record in found
    ]
    jobs.sort(key=lambda job: (job.record.workflow, job.record.step, job.run.begin() or now))
    names = {job.record.machine for job in jobs}
    machines = {name: one for name, one in store.machines().items() if name in names}
    return Gathered(workflow or "All jobs", now, tuple(jobs), machines)


def _told(store: "Store", record: JobRecord, superseded: bool) -> Told:
    asked, used = json.loads(record.resources), json.loads(record.usage)
    earlier: tuple[Run, ...] = ()
    if record.attempt > 1:
        attempts = store.attempts(record.signature, record.machine)
        earlier = tuple(_run(one) for one in attempts if one.attempt < record.attempt)
    return Told(record, _run(record), earlier, efficiency(used, asked), asked, used, superseded)


def _run(one: JobRecord | AttemptRecord) -> Run:
    started = one.started_at if one.state is not State.NEW else None
    return Run(one.submitted_at, started, one.finished_at, one.state)
