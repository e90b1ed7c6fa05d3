"""The page: one HTML text with everything in it, which loads nothing. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

from sojourn import __version__
from sojourn.cli.amounts import count, duration, local_time, size
from sojourn.printable import plain
from sojourn.report.gathering import Gathered, Told
from sojourn.report.numbers import failures, ran, steps, waited
from sojourn.report.timeline import timeline
from sojourn.states import State

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_NAMED = 5
"""Jobs of one failure that are named; the others are counted."""


def page(gathered: Gathered) -> str:
    """The whole page."""
    return plain("\n".join(_lines(gathered)) + "\n")


def _lines(gathered: Gathered) -> Iterator[str]:
    style, script = (
        files(__package__).joinpath(name).read_text() for name in ("page.css", "page.js")
    )
    title = escape(gathered.title)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{title} · Sojourn</title>\n<style>\n{style}</style>\n</head>\n<body>\n<header>"
    yield f"<h1>{title}</h1>"
    yield (
        f"<p>{count(len(gathered.jobs), 'job')}, as known here at "
        f"{local_time(gathered.now)}; sojourn {escape(__version__)}</p></header>\n<main>"
    )
    yield from _counts(gathered.jobs)
    yield "<section><h2>Timeline</h2>"
    yield from timeline(gathered)
    yield "</section>"
    yield from _failures(gathered.jobs)
    yield from _efficiency(gathered.jobs)
    yield from _machines(gathered)
    yield from _jobs(gathered.jobs)
    yield f"</main>\n<script>\n{script}</script>\n</body>\n</html>"


def _counts(jobs: Sequence[Told]) -> Iterator[str]:
    counts = Counter(job.record.state for job in jobs)
    yield '<section class="counts" aria-label="Jobs by state">'
    for state in State:
        if counts[state]:
            yield (
                f'<button type="button" class="count" data-state="{state}" aria-pressed="false">'
                f'<i class="run {state}"></i><strong>{counts[state]}</strong> {state}</button>'
            )
    yield '<input id="seek" type="search" placeholder="Filter jobs" aria-label="Filter jobs"></section>'


def _failures(jobs: Sequence[Told]) -> Iterator[str]:
    found = failures(jobs)
    yield "<section><h2>What did not end well</h2>"
    if not found:
        yield "<p>Nothing.</p></section>"
        return
    rows = []
    for one in found:
        named = ", ".join(job.name for job in one.jobs[:_NAMED])
        more = len(one.jobs) - _NAMED
        reason = one.reason or "no reason is known"
        rows.append(
            (
                str(len(one.jobs)),
                str(one.state),
                reason,
                named + (f" and {more} more" if more > 0 else ""),
            )
        )
    yield from _table(("Jobs", "State", "Reason", "Which"), rows)
    yield "</section>"


def _efficiency(jobs: Sequence[Told]) -> Iterator[str]:
    yield "<section><h2>Steps, and how well they used what they asked for</h2>"
    rows = [
        (
            escape(" / ".join(filter(None, (one.workflow, one.step))) or "without a workflow"),
            str(sum(one.states.values())),
            _time(one.waited),
            _time(one.ran),
            _share(one.cpu),
            _share(one.memory),
            _share(one.walltime),
            f"{one.cpu_hours:.1f}" if one.cpu_hours else "",
        )
        for one in steps(jobs)
    ]
    heads = (
        "Step",
        "Jobs",
        "Waited (median)",
        "Ran (median)",
        "CPU",
        "Memory",
        "Walltime",
        "CPU hours",
    )
    yield from _raw_table(heads, rows)
    yield "<p>CPU: of the time on all its CPUs; memory and walltime: of what was asked for.</p></section>"


def _machines(gathered: Gathered) -> Iterator[str]:
    if not gathered.machines:
        return
    yield "<section><h2>What the machines were asked</h2>"
    rows = [
        (
            one.name,
            one.state,
            local_time(one.contacted_at) if one.contacted_at is not None else "never",
            f"{one.connections:,}",
            f"{one.trips:,}",
            f"{one.scheduler_calls:,}",
            size(one.bytes_up),
            size(one.bytes_down),
        )
        for one in gathered.machines.values()
    ]
    heads = (
        "Machine",
        "State",
        "Answered",
        "Connections",
        "Trips",
        "Scheduler calls",
        "Sent",
        "Received",
    )
    yield from _table(heads, rows)
    yield "</section>"


def _jobs(jobs: Sequence[Told]) -> Iterator[str]:
    yield "<section><h2>Jobs</h2>"
    heads = (
        "Job",
        "Name",
        "State",
        "Workflow",
        "Step",
        "Machine",
        "Id",
        "Waited",
        "Ran",
        "CPU",
        "Memory",
        "Reason",
    )
    rows = []
    for job in jobs:
        record = job.record
        texts = (
            record.signature[:8], job.name, str(record.state), record.workflow, record.step,
            record.machine, record.scheduler_id,
        )  # fmt: skip
        rows.append(
            (
                *map(escape, texts), _time(waited(job.run)), _time(ran(job.run)),
                _share(job.shares.get("cpu")), _share(job.shares.get("memory")),
                escape("; ".join(filter(None, ("superseded" * job.superseded, record.reason)))),
            )
        )  # fmt: skip
    yield from _raw_table(heads, rows, kind="jobs", states=[job.record.state for job in jobs])
    yield "</section>"


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f'<span data-value="{seconds:.0f}">{duration(seconds)}</span>'


def _share(value: float | None) -> str:
    if value is None:
        return ""
    return (
        f'<span class="share" data-value="{value:.4f}"><i style="width:{min(1.0, value):.0%}"></i>'
        f"{value:.0%}</span>"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    return _raw_table(heads, ([escape(cell) for cell in row] for row in rows))


def _raw_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    kind: str = "",
    states: Sequence[State] = (),
) -> Iterator[str]:
    """A table whose cells are HTML already."""
    yield f'<div class="scroll" tabindex="0"><table class="{kind}"><thead><tr>'
    yield "".join(
        f'<th scope="col"><button type="button">{escape(one)}</button></th>' for one in heads
    )
    yield "</tr></thead><tbody>"
    for at, row in enumerate(rows):
        state = f' data-state="{states[at]}"' if states else ""
        yield f"<tr{state}>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
    yield "</tbody></table></div>"
