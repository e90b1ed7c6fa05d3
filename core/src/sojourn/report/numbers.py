"""Counts and sums over jobs. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from sojourn.report.gathering import Run, Told
from sojourn.states import FINAL, State

_QUIET = frozenset({State.COMPLETED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Failure:
    """Jobs that ended alike: the state, the reason with its numbers left out, and who they are."""

    state: State
    reason: str
    jobs: tuple[Told, ...]


def failures(jobs: Iterable[Told]) -> list[Failure]:
    """What did not end well, by state and reason, the most frequent first."""
    alike: dict[tuple[State, str], list[Told]] = {}
    for job in jobs:
        record = job.record
        if record.state in FINAL - _QUIET or (record.state is State.CANCELLED and record.reason):
            reason = re.sub(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,}\b", "…", record.reason)
            alike.setdefault((record.state, reason), []).append(job)
    found = [Failure(state, reason, tuple(many)) for (state, reason), many in alike.items()]
    return sorted(found, key=lambda one: (-len(one.jobs), one.state, one.reason))


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """Jobs of one step of one workflow. Times in seconds, shares of what was asked for; None
    where nothing is known."""

    workflow: str
    step: str
    states: Counter[State]
    waited: float | None
    ran: float | None
    cpu: float | None
    memory: float | None
    walltime: float | None
    cpu_hours: float


def steps(jobs: Sequence[Told]) -> list[StepNumbers]:
    """Each step's numbers, in the order of the jobs: medians of times, means of shares."""
    groups: dict[tuple[str, str], list[Told]] = {}
    for job in jobs:
        groups.setdefault((job.record.workflow, job.record.step), []).append(job)
    return [
        StepNumbers(
            workflow,
            step,
            Counter(job.record.state for job in many),
            _median(waited(job.run) for job in many),
            _median(ran(job.run) for job in many),
            _mean(job.shares.get("cpu") for job in many),
            _mean(job.shares.get("memory") for job in many),
            _mean(job.shares.get("walltime") for job in many),
            sum(job.used.get("cpu") or 0.0 for job in many) / 3600,
        )
        for (workflow, step), many in groups.items()
    ]


def waited(run: Run) -> float | None:
    """Seconds in the queue, of what has started."""
    if run.submitted is None or run.started is None:
        return None
    return max(0.0, run.started - run.submitted)


def ran(run: Run) -> float | None:
    """Seconds that it ran, of what has ended."""
    return None if run.started is None or run.ended is None else max(0.0, run.ended - run.started)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def over_time(runs: Iterable[Run], now: float) -> list[tuple[float, int, int]]:
    """How many waited and how many ran from each moment on at which that changed."""
    changes: Counter[tuple[float, int]] = Counter()
    for run in runs:
        begin, end = run.begin(), run.end(now)
        if begin is None:
            continue
        if run.submitted is not None:
            changes[run.submitted, 0] += 1
            changes[run.started if run.started is not None else end, 0] -= 1
        if run.started is not None:
            changes[run.started, 1] += 1
            changes[max(end, run.started), 1] -= 1
    levels = [0, 0]
    found: list[tuple[float, int, int]] = []
    for (at, which), by in sorted(changes.items()):
        levels[which] += by
        if found and found[-1][0] == at:
            found.pop()
        found.append((at, levels[0], levels[1]))
    return found
