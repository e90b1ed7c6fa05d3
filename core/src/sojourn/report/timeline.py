"""The timeline: a bar for each attempt of each job, and above it how many waited and ran. Pure."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from sojourn.cli.amounts import duration, local_time
from sojourn.report.gathering import Gathered, Run, Told
from sojourn.report.numbers import over_time

_TICKS = (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000)
"""Seconds between two lines of the axis."""

_HIGH, _WIDE = 120, 1000
_POINTS = 2000
"""Most steps of the drawn curve: more cannot be told apart."""


class Axis:
    """From seconds to per cent of the width."""

    def __init__(self, begin: float, end: float) -> None:
        self.begin, self.end = begin, max(end, begin + 1.0)

    def at(self, seconds: float) -> float:
        """Where a moment lies."""
        return 100.0 * (seconds - self.begin) / (self.end - self.begin)

    def ticks(self) -> list[tuple[float, str]]:
        """Round moments in local time with their words, at most about ten."""
        span = self.end - self.begin
        step = next((one for one in _TICKS if span / one <= 9), _TICKS[-1] * math.ceil(span / 2e7))
        shift = datetime.fromtimestamp(self.begin).astimezone().utcoffset()
        offset = shift.total_seconds() if shift is not None else 0.0
        first = math.ceil((self.begin + offset) / step) * step - offset
        form = "%b %d" if step >= 86_400 else "%b %d %H:%M" if span > 86_400 else "%H:%M:%S"
        moments = [first + n * step for n in range(12) if first + n * step <= self.end]
        return [(at, datetime.fromtimestamp(at).strftime(form)) for at in moments]


def axis_of(gathered: Gathered) -> Axis | None:
    """From the first job to the last moment that is known; None if none was ever handed in."""
    runs = [run for job in gathered.jobs for run in (*job.earlier, job.run)]
    begins = [begin for run in runs if (begin := run.begin()) is not None]
    if not begins:
        return None
    ends = [run.end(gathered.now) for run in runs if run.begin() is not None]
    return Axis(min(begins), max(ends))


def timeline(gathered: Gathered) -> Iterator[str]:
    """Lines of HTML."""
    axis = axis_of(gathered)
    if axis is None:
        yield "<p>Nothing has been handed in yet.</p>"
        return
    yield from _curve(gathered, axis)
    yield '<div class="scroll" tabindex="0"><div class="gantt">'
    yield f'<div class="row axis"><span class="label"></span><span class="track">{_axis(axis)}</span></div>'
    group = None
    for job in gathered.jobs:
        here = (job.record.workflow, job.record.step)
        if here != group:
            group = here
            title = " / ".join(filter(None, here)) or "without a workflow"
            yield f'<div class="row head"><span class="label">{escape(title)}</span></div>'
        yield _row(job, axis, gathered.now)
    yield "</div></div>"


def _axis(axis: Axis) -> str:
    return "".join(
        f'<b style="left:{axis.at(at):.3f}%">{escape(words)}</b>' for at, words in axis.ticks()
    )


def _row(job: Told, axis: Axis, now: float) -> str:
    bars = "".join(part for run in (*job.earlier, job.run) for part in _bars(run, axis, now))
    state = job.record.state
    words = escape(_words(job, now), quote=True)
    return (
        f'<div class="row job" data-state="{state}" title="{words}">'
        f'<span class="label">{escape(job.name)}</span><span class="track">{bars}</span></div>'
    )


def _bars(run: Run, axis: Axis, now: float) -> Iterator[str]:
    end = run.end(now)
    if run.submitted is not None:
        yield _bar("wait", axis, run.submitted, run.started if run.started is not None else end)
    if run.started is not None:
        yield _bar(f"run {run.state}", axis, run.started, max(end, run.started))


def _bar(kind: str, axis: Axis, begin: float, end: float) -> str:
    left = axis.at(begin)
    return f'<i class="{kind}" style="left:{left:.3f}%;width:{max(0.0, axis.at(end) - left):.3f}%"></i>'


def _words(job: Told, now: float) -> str:
    run, record = job.run, job.record
    lines = [f"{job.name}: {record.state}", f"{record.machine} {record.scheduler_id}".strip()]
    if run.submitted is not None:
        until = run.started if run.started is not None else run.end(now)
        lines.append(
            f"handed in {local_time(run.submitted)}, waited {duration(until - run.submitted)}"
        )
    if run.started is not None:
        lines.append(
            f"started {local_time(run.started)}, ran {duration(run.end(now) - run.started)}"
        )
    if record.attempt > 1:
        lines.append(f"attempt {record.attempt}")
    if record.reason:
        lines.append(record.reason)
    return "\n".join(lines)


def _curve(gathered: Gathered, axis: Axis) -> Iterator[str]:
    runs = [run for job in gathered.jobs for run in (*job.earlier, job.run)]
    levels = over_time(runs, gathered.now)
    top = max((waiting + running for _, waiting, running in levels), default=0)
    if top == 0:
        return
    levels = levels[:: max(1, len(levels) // _POINTS)]
    both = [(at, waiting + running) for at, waiting, running in levels]
    running = [(at, running) for at, _, running in levels]
    yield (
        f'<figure><svg viewBox="0 0 {_WIDE} {_HIGH}" preserveAspectRatio="none" role="img" '
        f'aria-label="How many jobs waited and ran">'
        f'<path class="wait" d="{_path(both, axis, top)}"/>'
        f'<path class="run" d="{_path(running, axis, top)}"/></svg>'
        f"<figcaption>Jobs that waited (light) and ran (dark); at most {top} at once.</figcaption>"
        "</figure>"
    )


def _path(levels: Sequence[tuple[float, int]], axis: Axis, top: int) -> str:
    """A curve of steps, closed below."""
    words, high = [f"M{_x(axis, axis.begin)} {_HIGH}"], float(_HIGH)
    for at, level in levels:
        x = _x(axis, at)
        words.append(f"L{x} {high:.1f}")
        high = _HIGH * (1 - level / top)
        words.append(f"L{x} {high:.1f}")
    words.append(f"L{_WIDE} {high:.1f} L{_WIDE} {_HIGH} Z")
    return " ".join(words)


def _x(axis: Axis, at: float) -> str:
    return f"{axis.at(at) * _WIDE / 100:.1f}"
