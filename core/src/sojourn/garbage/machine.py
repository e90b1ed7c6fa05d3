"""Clearing a machine's root: asked what lies there, decided here, removed in the same trip."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.garbage.policy import Knowledge, plan
from sojourn.session.latest import latest_whole
from sojourn.site.cleaning import Swept, erase, sizes, sweep
from sojourn.site.survey import survey

if TYPE_CHECKING:
    from sojourn.session.session import Session


@dataclass(frozen=True, slots=True)
class RemovedJob:
    """A job's directory that is gone, or would be: its size in bytes, and when it ended."""

    signature: str
    size: int
    ended_at: float


@dataclass(slots=True)
class Cleared:
    """What was (or with `dry_run` would be) cleared away, and why other jobs stay, counted."""

    jobs: list[RemovedJob] = field(default_factory=list)
    rests: list[Swept] = field(default_factory=list)
    kept: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(job.size for job in self.jobs) + sum(rest.size for rest in self.rests)


def clear_machine(
    session: "Session",
    machine: str,
    *,
    older_than: float,
    unfetched: bool = False,
    dry_run: bool = False,
    only: Collection[str] | None = None,
) -> Cleared:
    """Remove directories of jobs that ended more than `older_than` seconds ago (with `only`, of
    these signatures), and what no job needs any more, in one trip.

    Raises:
        MachineError: the machine could not be asked.
    """
    link = session.link(machine)
    known = _knowledge(session, link.name)

    def clear() -> Cleared:
        with link.context.trip() as dialogue:
            made = plan(
                survey(dialogue),
                known,
                now=max(time.time(), dialogue.hello.now),
                older_than=older_than,
                unfetched=unfetched,
                only=only,
            )
            cleared = Cleared(kept=made.kept)
            taken = sizes(dialogue, [signature for signature, _, _ in made.removable])
            jobs = [
                RemovedJob(signature, size, end)
                for (signature, _, end), size in zip(made.removable, taken, strict=True)
            ]
            if dry_run:
                cleared.jobs = jobs
            else:
                answers = erase(dialogue, [(one, last) for one, last, _ in made.removable])
                for job, answer in zip(jobs, answers, strict=True):
                    if answer == "gone":
                        cleared.jobs.append(job)
                    else:
                        made.keep(STAYS[answer])
            cleared.rests = sweep(dialogue, made.live, dry_run=dry_run)
            return cleared

    return link.contact(clear)


STAYS = {
    "newer": "were tried again meanwhile",
    "foreign": "belong to somebody else",
    "failed": "could not be removed",
}
"""Why what was to go has stayed after all, by the machine's answer."""


def _knowledge(session: "Session", machine: str) -> Knowledge:
    jobs = {record.signature: record for record in session.store.select(machine=machine)}
    return Knowledge(jobs, {one for one in jobs if _is_complete(session, one, machine)})


def _is_complete(session: "Session", signature: str, machine: str) -> bool:
    """Whether all that the job's newest attempt has made is here, and counts for the machine."""
    result = latest_whole(session.results, session.store, signature, session.trust, [machine])
    return result is not None and not result.remote
