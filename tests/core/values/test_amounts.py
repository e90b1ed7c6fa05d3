"""Amounts as people write them can be read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.values.amounts import memory_text, resource_text, walltime_text
from sojourn.values.resources import parse_memory, parse_walltime


@given(st.integers(min_value=1, max_value=10**18))
def test_what_is_written_is_read_back(number: int) -> None:
    assert parse_memory(memory_text(number)) == number
    assert parse_walltime(walltime_text(number)) == number


@pytest.mark.parametrize(
    ("word", "value", "text"),
    [
        ("memory", 150 << 20, "150MiB"),
        ("memory_per_cpu", 16 * 10**9, "16GB"),
        ("memory", 1001, "1001"),
        ("walltime", 10800, "3h"),
        ("walltime", 90, "1m30s"),
        ("nodes", 2, "2"),
        ("exclusive", True, "true"),
        ("native", ("-C a", "-x b"), "-C a -x b"),
    ],
)
def test_a_resource_is_told_in_its_own_units(word: str, value: object, text: str) -> None:
    assert resource_text(word, value) == text
