"""Aligned columns, whatever is in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.cli.joblist import as_table
from sojourn.cli.tables import columns, cut, from_columns, table
from sojourn.states import State
from tests.core.cli.samples import NOW, record

_CELLS = st.text(st.characters(categories=["L", "N", "P", "S", "Mn"]), max_size=12)


def test_columns_are_aligned_under_their_heads() -> None:
    text = table(("A", "LONG", "C"), [("xyz", "1", "tail"), ("x", "22", "")])
    assert text == "A    LONG  C\nxyz  1     tail\nx    22"


def test_columns_without_anything_in_them_are_left_out() -> None:
    assert table(("A", "B", "C"), [("1", "", "3")]) == "A  C\n1  3"


def test_wide_characters_take_two_columns() -> None:
    lines = table(("A", "B"), [("日本", "x"), ("abcd", "y"), ("e\u0301", "z")]).splitlines()
    assert [
        columns(line[: line.index(end)]) for line, end in zip(lines[1:], "xyz", strict=True)
    ] == [6, 6, 6]


def test_the_last_column_is_cut_at_the_width() -> None:
    lines = table(("A", "B"), [("x", "a long reason that does not fit")], width=20).splitlines()
    assert lines[1] == "x  a long reason th…"


def test_a_narrow_terminal_still_shows_something() -> None:
    assert table(("A", "B"), [("x" * 30, "reason")], width=10).splitlines()[1].endswith("  reason")


@pytest.mark.parametrize("width", [80, 40])
def test_a_table_of_jobs_fits_the_terminal(width: int) -> None:
    jobs = [
        record(
            f"simulate[{at}]",
            State.OUT_OF_MEMORY,
            workflow="a sweep with a long name",
            step="simulate",
            machine="cluster.example",
            scheduler_id=f"12345{at}.server.example.org",
            started_at=NOW - 80,
            finished_at=NOW - 10,
            reason="killed: it used more memory than the 4 GiB that it had asked for",
        )
        for at in range(3)
    ]
    lines = as_table(jobs, width=width).splitlines()
    assert max(map(len, lines)) <= width
    for word in ("JOB", "STATE", "REASON"):
        assert word in lines[0]
    assert "OUT_OF_MEMORY" in lines[1]
    assert jobs[0].signature[:8] in lines[1]


@given(
    st.lists(st.tuples(_CELLS, _CELLS, _CELLS, _CELLS, _CELLS), min_size=1, max_size=4),
    st.integers(20, 60),
)
def test_any_table_of_twenty_columns_or_more_fits(rows: list[tuple[str, ...]], width: int) -> None:
    text = table(("ONE", "TWO", "THREE", "FOUR", "FIVE"), rows, width=width)
    assert max(map(columns, text.split("\n"))) <= width


def test_painted_cells_keep_the_alignment() -> None:
    text = table(
        ("A", "B"), [("x", "1"), ("yyy", "2")],
        paint=lambda word, shown: f"<{word}|{shown}>", painted=0,
    )  # fmt: skip
    assert text == "A    B\n<x|x  >  1\n<yyy|yyy>  2"


def test_a_table_without_rows_has_its_heads() -> None:
    assert table(("A", "B"), []) == "A  B"


@given(st.lists(st.tuples(_CELLS, _CELLS, _CELLS), min_size=1, max_size=5))
def test_every_cell_is_there_and_starts_in_its_column(rows: list[tuple[str, str, str]]) -> None:
    text = table(("H1", "H2", "H3"), rows)
    kept = [at for at in range(3) if any(row[at] for row in rows)] or [0, 1, 2]
    widths = [max(columns(row[at]) for row in [("H1", "H2", "H3"), *rows]) for at in kept]
    lines = text.split("\n")
    assert len(lines) == len(rows) + 1
    for line, row in zip(lines[1:], rows, strict=True):
        cells = [
            row[at] + " " * (width - columns(row[at]))
            for at, width in zip(kept, widths, strict=True)
        ]
        assert line == "  ".join(cells).rstrip()


@given(_CELLS, st.integers(1, 12))
def test_cut_text_fits(text: str, room: int) -> None:
    assert columns(cut(text, room)) <= max(room, 1)


def test_what_yields_is_cut_before_the_table_is_wider_than_the_terminal() -> None:
    row = ("12345678", "n" * 200, "w" * 30, "COMPLETED", "its reason, which is long as well")
    heads = ("JOB", "NAME", "WORKFLOW", "STATE", "REASON")
    given = [[cell] for cell in row]
    for width in (60, 80, 120, 200):
        text = from_columns(heads, given, width=width, yielding=(1, 2))
        assert max(map(len, text.splitlines())) <= width
        assert "12345678  nnnnnn" in text
        assert "COMPLETED  its reason" in text
    assert "n" * 200 in from_columns(heads, given, yielding=(1, 2))
    wide = from_columns(heads, given, width=400, yielding=(1, 2))
    assert all(cell in wide for cell in row)
