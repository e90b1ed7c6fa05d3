"""Ages, durations and sizes as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.cli.amounts import age, count, duration, local_time, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (7200, "2h"),
        (200_000, "2d"),
    ],
)
def test_age_is_the_largest_unit(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "0.2s"),
        (12.7, "12s"),
        (60, "1m"),
        (200, "3m 20s"),
        (18_180, "5h 3m"),
        (187_200, "2d 4h"),
    ],
)
def test_duration_has_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (200 * 1024, "200 KiB"),
        (1 << 30, "1.0 GiB"),
        (3 << 50, "3.0 PiB"),
        (3 << 60, "3072 PiB"),
    ],
)
def test_size_has_the_unit_that_fits(number: int, text: str) -> None:
    assert size(number) == text


@given(st.floats(0, 1e12))
def test_amounts_are_short(number: float) -> None:
    assert len(age(number)) <= 9
    assert len(size(number)) <= 9


def test_count_knows_one_from_many() -> None:
    assert count(1, "job") == "1 job"
    assert count(1200, "job") == "1,200 jobs"
    assert count(2, "entry", "entries") == "2 entries"


def test_times_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert local_time(0) == "1970-01-01 05:30:00"
    finally:
        monkeypatch.undo()
        time.tzset()
