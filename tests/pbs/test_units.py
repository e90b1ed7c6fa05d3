"""Times and sizes as PBS writes them."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.units import clock, mebibytes, seconds, size
from sojourn_pbs.listing import records
from sojourn_pbs.units import moment
from tests.pbs.recorded import named, output

FINISHED = named(r"^qstat_-x_-f_(?!-F)")


@pytest.mark.parametrize("name", FINISHED)
def test_times_agree_with_the_one_that_is_printed_in_seconds(name: str) -> None:
    """The recordings were made with TZ=UTC, which is what the backend asks for."""
    for job in records(output(name).stdout):
        told = moment(job.get("mtime"))
        assert told is not None
        assert abs(told - int(job.get("history_timestamp"))) <= 10


@pytest.mark.parametrize("text", ["", "now", "Sun Nov 22", "Sun Nix 22 07:16:00 2026", "-1"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert moment(text) is None


@given(st.integers(0, 4_000_000_000))
def test_every_moment_is_read_back(when: int) -> None:
    assert moment(time.asctime(time.gmtime(when))) == when
    assert datetime.fromtimestamp(when, UTC).strftime("%Y") in time.asctime(time.gmtime(when))


@given(st.text(max_size=40))
def test_any_text_is_a_value_or_none(text: str) -> None:
    for read in (moment, seconds, size):
        found = read(text)
        assert found is None or found >= 0


@pytest.mark.parametrize(
    ("text", "value"),
    [("00:01:00", 60), ("26:00:00", 93600), ("90", 90), ("1:00:00:01", 86401), ("x", None)],
)
def test_durations(text: str, value: float | None) -> None:
    assert seconds(text) == value


@given(st.integers(0, 10**8))
def test_a_walltime_is_written_so_that_it_is_read_back(duration: int) -> None:
    assert seconds(clock(duration)) == duration


@pytest.mark.parametrize(
    ("text", "value"),
    [("6068kb", 6068 * 1024), ("0kb", 0), ("2gb", 2 * 1024**3), ("100b", 100), ("1kw", 8192),
     ("10", 10), ("3TB", 3 * 1024**4), ("zb", None), ("", None)],
)  # fmt: skip
def test_sizes(text: str, value: int | None) -> None:
    assert size(text) == value


@given(st.integers(1, 2**50))
def test_memory_is_rounded_up_to_a_unit_that_all_of_them_read(amount: int) -> None:
    written = size(mebibytes(amount, "mb"))
    assert written is not None
    assert amount <= written < amount + 1024**2
