"""What `sojourn run` shows: the tree while it waits, and at the end."""

import sys
from typing import TYPE_CHECKING, Self

import click

from sojourn.cli import output
from sojourn.cli.treelines import tree_lines
from sojourn.printable import plain
from sojourn.workflow.report import NodeState, WorkflowReport

if TYPE_CHECKING:
    from sojourn.cli.live import LiveLines

_COLORS = {
    "done": "green", "cached": "green", "remembered": "green", "ran": "green",
    "running": "cyan", "submitted": "cyan",
    "failed": "red", "stale": "yellow", "skipped": "yellow", "changed": "yellow", "new": "yellow",
}  # fmt: skip


class RunDisplay:
    """Keeps the newest tree of every workflow of a script. `live` draws them while they change."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._reports: dict[str, WorkflowReport] = {}
        self._drawn: LiveLines | None = None
        self._states: dict[tuple[str, str], str] = {}

    def show(self, report: WorkflowReport) -> None:
        """Take a tree that has changed."""
        self._reports[report.name] = report
        if not self._live:
            return
        if sys.stderr.isatty():
            self._draw()
        else:
            self._tell(report)

    def say(self, line: str) -> None:
        """A line for people."""
        output.note(line)

    def pause(self) -> None:
        """Take the drawing away: something is to be asked."""
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None

    def print_trees(self) -> None:
        """The trees as they are now, on stderr."""
        self.pause()
        painted = sys.stderr.isatty() and output.may_paint()
        for report in self._reports.values():
            for word, text in tree_lines(report):
                color = _COLORS.get(word) if painted else None
                shown = plain(text)
                click.echo(click.style(shown, fg=color) if color else shown, err=True)
        self._reports.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()

    def _draw(self) -> None:
        if self._drawn is None:
            from sojourn.cli.live import LiveLines

            self._drawn = LiveLines()
            self._drawn.start()
        lines = [line for report in self._reports.values() for line in tree_lines(report)]
        self._drawn.show([(text, _COLORS.get(word, "")) for word, text in lines])

    def _tell(self, report: WorkflowReport) -> None:
        """Without a terminal: a line for each node whose state is another.

        That a node is not needed is said at the end alone: before, it may not have been looked at.
        """
        for node in report.walk():
            key = (report.name, node.path or node.name)
            if report.status == "running" and node.state is NodeState.UNNEEDED:
                continue
            if not node.children and self._states.get(key) != node.state:
                self._states[key] = node.state
                output.note(f"{node.path or node.name}: {node.state}")
