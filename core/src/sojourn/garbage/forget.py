"""Forgetting jobs and workflows: here, or on the machine too. What others share is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.errors import SojournError
from sojourn.site.cleaning import erase
from sojourn.states import ACTIVE, FINAL, State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.session.session import Session


@dataclass(slots=True)
class Deleted:
    """What came of it: how many jobs are forgotten, and why others are not."""

    jobs: int = 0
    left: int = 0
    """Jobs that are not of the workflow any more, but of others."""
    kept: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "; ".join([f"{self.jobs} deleted", *self.kept])


def delete_jobs(
    session: "Session", records: Sequence[JobRecord], *, there: bool = False
) -> Deleted:
    """Forget jobs in all their workflows, with results that nothing else needs.

    With `there` they are ended if they are active, and their directories on the machine erased;
    one that has not ended yet, or whose machine does not answer, is kept and said so.
    """
    deleted = Deleted()
    if there:
        records = _erased(session, records, deleted)
    for record in records:
        if session.store.delete_job(record.signature, record.machine):
            deleted.jobs += 1
    gone = {r.signature for r in records if not session.store.by_signature(r.signature)}
    if gone:
        needed = {parent for job in session.store.select(states=ACTIVE) for parent in job.parents}
        for signature in gone - needed:
            session.results.remove(signature)
    return deleted


def leave_workflow(
    session: "Session", name: str, records: Sequence[JobRecord], *, there: bool = False
) -> Deleted:
    """Take jobs out of a workflow, and forget those that no other workflow has; the workflow
    itself, with the remembered values of its steps, when it has no job any more."""
    store = session.store
    shared = [record for record in records if _others(session, name, record)]
    alone = [record for record in records if record not in shared]
    deleted = delete_jobs(session, alone, there=there)
    for record in shared:
        store.leave(name, record.signature)
        if record.workflow == name:
            other = _others(session, name, record)[0]
            store.update_fields(record.signature, record.machine, workflow=other)
    deleted.left = len(shared)
    if not store.listing(workflow=name, limit=1):
        store.delete_workflow(name)
    return deleted


def _others(session: "Session", name: str, record: JobRecord) -> list[str]:
    """The other workflows that a job belongs to."""
    members = session.store.memberships(record.signature, record.machine)
    words = {record.workflow, *(member.workflow for member in members)} - {"", name}
    return sorted(words)


def delete_workflow(session: "Session", name: str, *, there: bool = False) -> Deleted:
    """Forget a workflow, and those of its jobs that no other workflow has."""
    store = session.store
    own = {(job.signature, job.machine) for job in store.listing(workflow=name)}
    alone = store.delete_workflow(name)
    records = list(store.get_many(alone).values())
    deleted = delete_jobs(session, records, there=there)
    shared = len(own) - len(alone)
    if shared > 0:
        deleted.kept.append(f"{shared} shared with other workflows kept")
    return deleted


def _erased(session: "Session", records: Sequence[JobRecord], deleted: Deleted) -> list[JobRecord]:
    """Those whose directories are gone; the others are told of in `deleted`."""
    gone: list[JobRecord] = []
    for machine in dict.fromkeys(record.machine for record in records):
        group = [record for record in records if record.machine == machine]
        try:
            gone += _erased_on(session, machine, group, deleted)
        except SojournError as error:
            deleted.kept.append(f"{len(group)} kept: {error}")
    return gone


def _erased_on(
    session: "Session", machine: str, group: list[JobRecord], deleted: Deleted
) -> list[JobRecord]:
    active = [record for record in group if record.state not in FINAL]
    if active:
        session.cancel(active)
        session.refresh_each(active)
    present = session.again(group)
    ended = [record for record in present if record.state in FINAL]
    if len(ended) < len(present):
        waiting = len(present) - len(ended)
        have = "it has" if waiting == 1 else "they have"
        deleted.kept.append(f"{waiting} asked to end: delete again when {have}")
    if not ended:
        return []
    never = [r for r in ended if r.state is State.CANCELLED and not r.token and not r.job_dir]
    lying = [record for record in ended if record not in never]
    link = session.link(machine)

    def clear() -> list[str]:
        with link.context.trip() as dialogue:
            return erase(dialogue, [(record.signature, record.attempt) for record in lying])

    answers = link.contact(clear) if lying else []
    for answer, why in _STAYS.items():
        if answer in answers:
            deleted.kept.append(f"{answers.count(answer)} {why}: kept on {machine}")
    removed = [r for r, answer in zip(lying, answers, strict=True) if answer in _GONE]
    return never + removed


_GONE = ("gone", "foreign")
_STAYS = {
    "newer": "tried again meanwhile",
    "foreign": "belonging to somebody else",
    "failed": "not removable",
}
