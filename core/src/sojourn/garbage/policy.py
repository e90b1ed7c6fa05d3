"""Which jobs' directories on a machine may go. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sojourn.site.survey import FoundJob
from sojourn.states import FINAL
from sojourn.store.records import JobRecord
from sojourn.values.messages import SiteEvidence
from sojourn.values.outside import is_instant


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known here: jobs on that machine by signature, and results.

    `complete` are results that are here with all of their outputs.
    """

    jobs: Mapping[str, JobRecord] = field(default_factory=dict)
    complete: Collection[str] = frozenset()


@dataclass(slots=True)
class Plan:
    """`removable`: signature, attempt and time of the end. `kept`: why others stay, counted."""

    removable: list[tuple[str, int, float]] = field(default_factory=list)
    kept: dict[str, int] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)
    """Tokens of submissions that still matter."""

    def keep(self, why: str) -> None:
        """Count one that stays."""
        self.kept[why] = self.kept.get(why, 0) + 1


ACTIVE = "have not ended"
NEEDED = "are needed by jobs that have not ended"
YOUNG = "have ended too lately"
UNFETCHED = "have results that are not here"


def plan(
    found: Sequence[FoundJob],
    known: Knowledge,
    *,
    now: float,
    older_than: float,
    unfetched: bool = False,
    only: Collection[str] | None = None,
) -> Plan:
    """Jobs whose every attempt has ended more than `older_than` seconds before `now`; with `only`,
    of these signatures.

    A job that one not yet ended takes something from stays; so does a completed one whose
    result is not here, unless `unfetched` lets it go.
    """
    made = Plan()
    ends = {job.signature: _end(job, known.jobs.get(job.signature)) for job in found}
    needed = {
        parent
        for job in found
        if ends[job.signature] is None
        for parent in _parents(job, known.jobs.get(job.signature))
    }
    needed |= {p for job in known.jobs.values() if job.state not in FINAL for p in job.parents}
    for job in found:
        record = known.jobs.get(job.signature)
        end = ends[job.signature]
        if only is not None and job.signature not in only:
            pass
        elif end is None:
            made.keep(ACTIVE)
        elif job.signature in needed:
            made.keep(NEEDED)
        elif now - end <= older_than:
            made.keep(YOUNG)
        elif not unfetched and _completed(job) and job.signature not in known.complete:
            made.keep(UNFETCHED)
        else:
            made.removable.append((job.signature, job.newest, end))
        made.live |= {
            seen.claim
            for number, seen in job.attempts.items()
            if seen.claim and not _has_ended(seen, number, record)
        }
    made.live |= {job.token for job in known.jobs.values() if job.token and job.state not in FINAL}
    return made


def _end(job: FoundJob, record: JobRecord | None) -> float | None:
    """When the job's last attempt ended; None if one has not, or it cannot be told."""
    if record is not None and record.state not in FINAL:
        return None
    if not all(_has_ended(seen, number, record) for number, seen in job.attempts.items()):
        return None
    times = [seen.exit.finished_at for seen in job.attempts.values() if seen.exit is not None]
    if record is not None:
        times += [at for at in (record.finished_at, record.submitted_at) if at is not None]
    created = job.record.get("created_at")
    if isinstance(created, int | float) and is_instant(created):
        times.append(float(created))
    return max(times, default=None)


def _has_ended(seen: SiteEvidence, number: int, record: JobRecord | None) -> bool:
    """Whether nothing of an attempt can run any more: by its files, or by what is known here."""
    if seen.exit is not None or seen.closed:
        return True
    if not (seen.claim or seen.id or seen.started):
        return True
    return record is not None and (number < record.attempt or record.state in FINAL)


def _completed(job: FoundJob) -> bool:
    seen = job.attempts.get(job.newest)
    return seen is not None and seen.exit is not None and seen.exit.ok


def _parents(job: FoundJob, record: JobRecord | None) -> Sequence[str]:
    if record is not None:
        return record.parents
    told = job.record.get("parents", ())
    return [str(parent) for parent in told] if isinstance(told, list) else ()
