"""The display of waiting at a terminal. The only module here that imports rich."""

import sys
import time
from collections.abc import Sequence
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sojourn.cli.amounts import age
from sojourn.cli.joblist import remark, run_time, summary
from sojourn.cli.output import COLORS
from sojourn.printable import flat
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord

_RESERVED = 6
"""Lines of the terminal that are not for jobs."""

_ORDER = (State.RUNNING, State.FINISHING, State.SUBMITTING, State.QUEUED, State.HELD, State.NEW)


class LiveJobs:
    """A table of jobs on stderr that is drawn again as time goes by; gone at the end."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._jobs: Sequence[JobRecord] = ()
        self._notes: Sequence[str] = ()
        self._spinner = Spinner("dots")
        self._live = Live(
            get_renderable=self._drawn,
            console=self._console,
            refresh_per_second=4,
            transient=True,
        )

    def show(self, jobs: Sequence[JobRecord], notes: Sequence[str]) -> None:
        """Draw these from now on."""
        self._jobs, self._notes = jobs, notes

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def _drawn(self) -> RenderableType:
        jobs = sorted(self._jobs, key=_urgency)
        room = max(3, self._console.height - _RESERVED - len(self._notes))
        ended = sum(job.state in FINAL for job in jobs)
        self._spinner.update(
            text=Text(
                f"{ended} of {len(jobs)} ended: {summary(jobs)}   (Ctrl-C leaves them running)"
            )
        )
        parts: list[RenderableType] = [_table(jobs[:room])]
        if len(jobs) > room:
            parts.append(Text(f"and {len(jobs) - room} more", style="dim"))
        parts += [_cell(text, style="yellow") for text in self._notes]
        return Group(*parts, self._spinner)


def _urgency(job: JobRecord) -> tuple[int, float]:
    """Those that run first, those that have ended last, failures before successes."""
    if job.state in _ORDER:
        return _ORDER.index(job.state), job.submitted_at or 0.0
    return len(_ORDER) + (job.state is State.COMPLETED), -(job.finished_at or 0.0)


def _table(jobs: Sequence[JobRecord]) -> Table:
    now = time.time()
    table = Table.grid(padding=(0, 2))
    for _ in range(6):
        table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for job in jobs:
        table.add_row(
            _cell(job.signature[:8]),
            _cell(job.state.value, style=COLORS.get(job.state.value, "")),
            _cell(job.name or job.step),
            _cell(f"{job.machine}:{job.scheduler_id}" if job.scheduler_id else job.machine),
            _cell(age(now - (job.submitted_at or job.created_at))),
            _cell(run_time(job, now)),
            _cell(remark(job), style="dim"),
        )
    return table


def _cell(text: str, style: str = "") -> Text:
    """One line that is what it says: neither rich's markup nor escape sequences count in it."""
    return Text(flat(text), style=style, no_wrap=True, overflow="ellipsis")


class LiveLines:
    """Lines of text on stderr that are drawn again when they change; gone at the end."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._lines: Sequence[tuple[str, str]] = ()
        self._spinner = Spinner("dots", text=Text("waiting (Ctrl-C leaves the jobs running)"))
        self._live = Live(
            get_renderable=self._drawn,
            console=self._console,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        )

    def show(self, lines: Sequence[tuple[str, str]]) -> None:
        """Draw these from now on: text and colour."""
        self._lines = lines

    def start(self) -> None:
        """Begin to draw."""
        self._live.start()

    def stop(self) -> None:
        """Take it away."""
        self._live.stop()

    def _drawn(self) -> RenderableType:
        room = max(3, self._console.height - 3)
        parts: list[RenderableType] = [
            _cell(text, style=color) for text, color in self._lines[:room]
        ]
        if len(self._lines) > room:
            parts.append(Text(f"and {len(self._lines) - room} more lines", style="dim"))
        return Group(*parts, self._spinner)
