"""What is paused: not polled, not handed in, not resumed, until it is released."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sojourn.states import ACTIVE
from sojourn.store.connection import Database
from sojourn.store.records import JobLine, JobRecord

_ACTIVE = ", ".join(f"'{state.value}'" for state in sorted(ACTIVE))

BY_WORKFLOW = """
    (jobs.workflow IN (SELECT name FROM workflows WHERE paused)
     OR EXISTS (
        SELECT 1 FROM memberships AS its JOIN workflows ON workflows.name = its.workflow
        WHERE its.signature = jobs.signature AND its.machine = jobs.machine AND workflows.paused))
    AND (jobs.workflow = '' OR jobs.workflow IN (SELECT name FROM workflows WHERE paused))
    AND NOT EXISTS (
        SELECT 1 FROM memberships AS its
        WHERE its.signature = jobs.signature AND its.machine = jobs.machine
        AND its.workflow NOT IN (SELECT name FROM workflows WHERE paused))
"""
"""Whether a job belongs to paused workflows and to no other: a shared job goes on."""


Shown = TypeVar("Shown", JobLine, JobRecord)


@dataclass(frozen=True, slots=True)
class Pauses:
    """What is paused now. `jobs` are active jobs that belong to paused workflows only."""

    machines: frozenset[str] = frozenset()
    workflows: frozenset[str] = frozenset()
    jobs: frozenset[tuple[str, str]] = frozenset()

    def cover(self, job: JobRecord | JobLine) -> bool:
        """Whether a job is paused: by itself, with its machine, or with all its workflows."""
        return (
            job.paused or job.machine in self.machines or (job.signature, job.machine) in self.jobs
        )

    @property
    def any(self) -> bool:
        """Whether a machine is paused, or jobs are with their workflows."""
        return bool(self.machines or self.jobs)

    def shown(self, jobs: "Sequence[Shown]") -> "Sequence[Shown]":
        """The jobs, `paused` of active ones being whether they are in fact."""
        if not self.any:
            return jobs
        return [
            _paused(job) if not job.paused and job.state in ACTIVE and self.cover(job) else job
            for job in jobs
        ]


def _paused(job: Shown) -> Shown:
    return replace(job, paused=True) if isinstance(job, JobRecord) else job._replace(paused=True)


class Pausing:
    """The part of the store about pauses."""

    _db: Database

    def pauses(self) -> Pauses:
        """What is paused now; cheap where nothing is."""
        machines = self._db.query("SELECT name FROM machines WHERE paused")
        workflows = self._db.query("SELECT name FROM workflows WHERE paused")
        jobs: list[tuple[str, str]] = []
        if workflows:
            jobs = self._db.query(
                f"SELECT signature, machine FROM jobs WHERE state IN ({_ACTIVE}) AND {BY_WORKFLOW}"
            )
        return Pauses(
            frozenset(name for (name,) in machines),
            frozenset(name for (name,) in workflows),
            frozenset((signature, machine) for signature, machine in jobs),
        )

    def pause_jobs(self, keys: Iterable[tuple[str, str]], *, paused: bool) -> int:
        """Pause jobs of these (signature, machine), or release them; how many were not so yet."""
        with self._db.transaction() as connection:
            return sum(
                connection.execute(
                    "UPDATE jobs SET paused = ? WHERE signature = ? AND machine = ? AND paused <> ?",
                    (int(paused), signature, machine, int(paused)),
                ).rowcount
                for signature, machine in keys
            )
