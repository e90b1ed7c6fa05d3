"""Times, sizes and ranges of tasks, as schedulers print and take them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.arrays import by_array, runs, span
from sojourn.batch.chunks import Chunk, chunks
from sojourn.batch.units import clock, mebibytes, seconds, size
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("90", 90), ("01:02", 62), ("26:00:00", 93600), ("10:01:02", 36062)),
        *(("2-10:01:02", 208862), ("1:00:00:01", 86401), ("00:00.012", 0.012), ("00:00:00", 0)),
        *(("", None), ("x", None), ("INVALID", None), ("-1", None), ("1:", None), ("٣", None)),
    ],
)
def test_durations(text: str, value: float | None) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("69619712", 69619712), ("4156K", 4156 * 1024), ("6068kb", 6068 * 1024), ("0", 0)),
        *(("1.50G", 3 * 2**29), ("2gb", 2**31), ("100b", 100), ("1kw", 8192), ("3TB", 3 * 2**40)),
        *(("", None), ("16?", None), ("zb", None), ("-1", None)),
    ],
)
def test_sizes(text: str, value: int | None) -> None:
    assert size(text) == value


@given(st.text(max_size=40))
def test_any_text_is_a_value_or_none(text: str) -> None:
    for found in (seconds(text), size(text)):
        assert found is None or found >= 0


@given(st.integers(1, 2**60), st.sampled_from(["M", "mb", "m"]))
def test_memory_is_rounded_up_to_what_is_read_again(amount: int, unit: str) -> None:
    written = size(mebibytes(amount, unit))
    assert written is not None
    assert 0 <= written - amount < 2**20


@given(st.lists(st.integers(0, 40)))
def test_runs_hold_every_index_once_and_do_not_touch(indices: list[int]) -> None:
    found = runs(indices)
    assert [index for run in found for index in run] == sorted(set(indices))
    assert all(one.stop < other.start for one, other in pairwise(found))


def test_how_a_run_is_written() -> None:
    assert [span(run) for run in runs([3, 9, 4, 5])] == ["3-5", "9"]


@pytest.mark.parametrize(
    ("words", "spread", "expected"),
    [
        ({}, True, [Chunk(1, 1, 1, None)]),
        ({"nodes": 2, "tasks_per_node": 3, "cpus_per_task": 2}, True, [Chunk(2, 3, 6, None)]),
        ({"tasks": 4, "memory_per_cpu": 5}, True, [Chunk(4, 1, 1, 5)]),
        ({"tasks": 4, "memory_per_cpu": 5}, False, [Chunk(1, 4, 4, 20)]),
        ({"tasks": 4, "memory": 5}, True, [Chunk(1, 4, 4, 5)]),
        ({"tasks": 5, "nodes": 2}, True, [Chunk(1, 3, 3, None), Chunk(1, 2, 2, None)]),
        ({"tasks": 8, "tasks_per_node": 4}, False, [Chunk(2, 4, 4, None)]),
    ],
)
def test_where_the_tasks_go(words: dict[str, int], spread: bool, expected: list[Chunk]) -> None:
    assert chunks(Resources.model_validate(words), spread=spread) == expected


@pytest.mark.parametrize(
    "words", [{"tasks": 2, "nodes": 3}, {"tasks": 9, "nodes": 2, "tasks_per_node": 4}]
)
def test_tasks_that_do_not_fit(words: dict[str, int]) -> None:
    with pytest.raises(UnsupportedResource) as raised:
        chunks(Resources.model_validate(words), spread=True)
    assert "ask for nodes=" in raised.value.hint


def test_tasks_by_their_array() -> None:
    ids = ["9_1", "7_2", "9_3"]
    assert by_array(ids, lambda one: one[0]) == {"9": ["9_1", "9_3"], "7": ["7_2"]}


@pytest.mark.parametrize(("duration", "text"), [(90, "00:01:30"), (93600, "26:00:00")])
def test_a_clock(duration: int, text: str) -> None:
    assert clock(duration) == text
    assert seconds(text) == duration
