"""Bringing jobs' files here: results, outputs that stayed on the machine, and partial ones."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.cli.output import note
from sojourn.errors import DamagedResult, NotPossible, SojournError, TransferFailed
from sojourn.session.failures import failed
from sojourn.session.fetching import Fetcher
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.values.patterns import covers

if TYPE_CHECKING:
    from sojourn.results.result import Result
    from sojourn.session.session import Session


@dataclass(frozen=True, slots=True)
class Found:
    """Files of one job that are here, below `path`; `result` if they make up its result."""

    job: JobRecord
    path: Path
    result: "Result | None" = None


@dataclass(slots=True)
class Brought:
    """What came of it: every job is in one of these."""

    found: list[Found] = field(default_factory=list)
    errors: list[SojournError] = field(default_factory=list)
    unfinished: list[JobRecord] = field(default_factory=list)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Errors are kept: one machine's trouble does not touch the others."""
        try:
            yield
        except SojournError as error:
            self.errors.append(error)


def bring_results(session: "Session", jobs: Sequence[JobRecord]) -> Brought:
    """Results into the cache, one trip a machine; for those that are here nobody is asked."""
    brought = Brought()
    here = {job.signature: _cached(session, job) for job in jobs}
    away = [job for job in jobs if here[job.signature] is None]
    errors = session.refresh_each([job for job in away if job.state not in FINAL])
    brought.errors += errors.values()
    for job in session.again(away):
        if job.state not in FINAL:
            brought.unfinished.append(job)
        elif job.state is not State.COMPLETED:
            with brought.collecting():
                told = failed(session.link(job.machine), session.store, [job])
                brought.errors.append(told[job.signature])
    done = [job for job in session.again(away) if job.state is State.COMPLETED]
    for group in by_machine(done):
        with brought.collecting():
            for signature, answer in session.fetch_results(group).items():
                if isinstance(answer, TransferFailed):
                    brought.errors.append(answer)
                else:
                    here[signature] = answer
    for job in jobs:
        result = here.pop(job.signature, None)
        if result is not None:
            brought.found.append(Found(job, result.path, result))
    return brought


def bring_remote(session: "Session", jobs: Sequence[JobRecord], patterns: Sequence[str]) -> Brought:
    """Results, and those of the outputs that stayed on the machine which match `patterns`."""
    brought = bring_results(session, jobs)
    wanting = [one for one in brought.found if _stayed(one, patterns)]
    if brought.found and not any(_covered(one, patterns) for one in brought.found):
        there = sorted({name for one in brought.found if one.result for name in one.result.remote})
        raise NotPossible(
            f"no output that stayed on the machine matches {' or '.join(patterns)}",
            hint=f"there are {', '.join(there)}" if there else "all outputs are here already",
        )
    for group in by_machine([one.job for one in wanting]):
        with brought.collecting():
            fetcher = Fetcher(session.link(group[0].machine), session.store, session.results)
            for answer in fetcher.more(group, patterns).values():
                if isinstance(answer, TransferFailed):
                    brought.errors.append(answer)
    brought.found = [
        Found(one.job, one.path, session.results.get(one.job.signature)) for one in brought.found
    ]
    return brought


def bring_partial(
    session: "Session", jobs: Sequence[JobRecord], patterns: Sequence[str], into: dict[str, Path]
) -> Brought:
    """What lies in jobs' directories now: `patterns`, or else what their outputs match."""
    brought = Brought()
    for group in by_machine([job for job in jobs if job.state is not State.NEW]):
        with brought.collecting():
            fetcher = Fetcher(session.link(group[0].machine), session.store, session.results)
            chosen = {job.signature: tuple(patterns) or _declared(job) for job in group}
            answers = fetcher.files(group, into, partial=chosen)
            for job in group:
                answer = answers[job.signature]
                if answer.error:
                    brought.errors.append(_not_brought(job, answer.error))
                elif not answer.files:
                    what = ", ".join(chosen[job.signature])
                    note(f"job {job.signature[:8]} has nothing yet that matches {what}")
                brought.found.append(Found(job, into[job.signature]))
    brought.unfinished += [job for job in jobs if job.state is State.NEW]
    return brought


def _not_brought(job: JobRecord, why: str) -> TransferFailed:
    return TransferFailed(
        f"not all files of {job.name or job.signature[:12]} could be fetched: {why}",
        signature=job.signature,
        hint="choose another directory with -o",
    )


def by_machine(jobs: Sequence[JobRecord]) -> list[list[JobRecord]]:
    """The jobs in groups of one machine each."""
    groups: dict[str, list[JobRecord]] = {}
    for job in jobs:
        groups.setdefault(job.machine, []).append(job)
    return list(groups.values())


def _cached(session: "Session", job: JobRecord) -> "Result | None":
    """The result that is here; not one of an earlier attempt when a newer one has completed."""
    try:
        result = session.results.get(job.signature)
    except DamagedResult as damaged:
        note(f"{damaged.message}: fetching it again")
        return None
    if result is not None and not session.trust.counts(result.manifest, [job.machine]):
        return None
    if result is None or (result.manifest.attempt < job.attempt and job.state is State.COMPLETED):
        return None
    return result


def _stayed(one: Found, patterns: Sequence[str]) -> bool:
    """Whether some of what stayed is wanted."""
    remote = one.result.remote if one.result is not None else {}
    return any(covers(pattern, name) for name in remote for pattern in patterns)


def _covered(one: Found, patterns: Sequence[str]) -> bool:
    """Whether `patterns` name anything of it, here or there."""
    names = [*one.result.digests, *one.result.remote] if one.result is not None else []
    return any(covers(pattern, name) for name in names for pattern in patterns)


def _declared(job: JobRecord) -> tuple[str, ...]:
    """The outputs that the job promised; everything where it promised none."""
    outputs = json.loads(job.job).get("outputs", [])
    names = (one["remote"] if isinstance(one, dict) else one for one in outputs)
    return tuple(names) or ("*",)
