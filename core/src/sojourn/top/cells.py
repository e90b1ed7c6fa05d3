"""One line of the tree as cells: words, never colour alone. Pure."""

from dataclasses import dataclass

from sojourn.cli.amounts import age
from sojourn.cli.joblist import remark, run_time
from sojourn.cli.output import COLORS
from sojourn.cli.tables import columns, cut
from sojourn.printable import flat
from sojourn.states import FINAL, State
from sojourn.top.model import Kind
from sojourn.top.rows import Row

HEADS = ("JOB", "STATE", "MACHINE", "ID", "AGE", "TIME", "REASON")
BAD = FINAL - {State.COMPLETED, State.CANCELLED}
_FIXED = {"STATE": 14, "MACHINE": 10, "ID": 9, "AGE": 5, "TIME": 8}
_LEFT_OUT = (("ID", 96), ("TIME", 84), ("MACHINE", 68))
"""Columns that a narrow screen does without: below so many columns."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a line, filled up to its width. `color` is "" where it has none."""

    text: str
    color: str = ""
    dim: bool = False


def widths(total: int) -> dict[str, int]:
    """How wide each column is on a screen of `total` columns; what does not fit is left out."""
    left_out = {name for name, least in _LEFT_OUT if total < least}
    fixed = {name: size for name, size in _FIXED.items() if name not in left_out}
    rest = max(20, total - sum(fixed.values()) - len(fixed))
    name = max(14, min(44, rest * 45 // 100))
    return {"JOB": name, **fixed, "REASON": max(4, rest - name - 1)}


def heads(total: int) -> str:
    """The line above the tree."""
    return " ".join(filled(name, size) for name, size in widths(total).items())


def line(row: Row, now: float, total: int, *, marked: bool = False) -> list[Cell]:
    """A line's cells, a blank column between them."""
    values = _values(row, now)
    found = []
    for name, size in widths(total).items():
        cell = values[name]
        text = _name(row, size, marked) if name == "JOB" else filled(flat(cell.text), size)
        found.append(Cell(text + " ", cell.color, cell.dim))
    return found


def _name(row: Row, size: int, marked: bool) -> str:
    sign = {None: " ", True: "▾", False: "▸"}[row.open]
    text = f"{'●' if marked else ' '}{'  ' * row.depth}{sign} {flat(row.node.label)}"
    if row.node.kind is not Kind.JOB and row.open is False:
        text += f" ({len(row.node.jobs)})"
    return filled(text, size)


def _values(row: Row, now: float) -> dict[str, Cell]:
    node = row.node
    if node.job is None:
        return {
            "JOB": Cell(node.label),
            "STATE": Cell(node.progress, _color_of_many(row)),
            "MACHINE": Cell(""),
            "ID": Cell(""),
            "AGE": Cell(""),
            "TIME": Cell(""),
            "REASON": Cell(_about(row), dim=True),
        }
    job = node.job
    return {
        "JOB": Cell(node.label),
        "STATE": Cell(
            job.state.value, "red" if job.needs_person else COLORS.get(job.state.value, "")
        ),
        "MACHINE": Cell(job.machine),
        "ID": Cell(job.scheduler_id),
        "AGE": Cell(age(now - (job.submitted_at or job.created_at))),
        "TIME": Cell(run_time(job, now)),
        "REASON": Cell("; ".join(filter(None, (remark(job), node.note))), dim=True),
    }


def _about(row: Row) -> str:
    paused = "paused" if row.node.paused else ""
    return "; ".join(filter(None, (paused, row.node.summary, row.node.note)))


def _color_of_many(row: Row) -> str:
    counts = row.node.counts
    if any(counts[state] for state in BAD):
        return "red"
    if counts[State.RUNNING]:
        return "cyan"
    return "green" if counts[State.COMPLETED] == len(row.node.jobs) else ""


def filled(text: str, size: int) -> str:
    """`text` in exactly `size` columns."""
    short = cut(text, size)
    return short + " " * (size - columns(short))
