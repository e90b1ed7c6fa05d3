"""When a machine is asked next: invariants over all that can come in."""

from hypothesis import assume, given
from hypothesis import strategies as st

from sojourn.defaults import POLL_COST_FACTOR
from sojourn.monitor.schedule import (
    AGE_SHARE,
    JITTER,
    JUMP,
    SLOWEST,
    SLOWEST_RETRY,
    Instant,
    Pace,
    first_wait,
    interval,
    jump,
    least,
    wait,
)

seconds = st.floats(0.01, 1e6)
paces = st.builds(
    Pace,
    interval=seconds,
    cost=st.floats(0, 1e4),
    age=st.none() | st.floats(-1e9, 1e9),
    failures=st.integers(0, 10_000),
)
chances = st.floats(0, 1, exclude_max=True)


@given(paces, chances)
def test_never_sooner_than_interval_and_cost_allow(pace: Pace, chance: float) -> None:
    assert wait(pace, chance) >= pace.interval
    assert wait(pace, chance) >= POLL_COST_FACTOR * pace.cost


@given(paces, chances)
def test_never_later_than_the_slowest(pace: Pace, chance: float) -> None:
    longest = SLOWEST_RETRY if pace.failures else SLOWEST
    assert wait(pace, chance) <= max(least(pace), longest) * (1 + JITTER)


@given(paces, st.integers(1, 50))
def test_who_does_not_answer_is_asked_less_and_less_often(pace: Pace, more: int) -> None:
    assume(pace.failures > 0)
    later = Pace(pace.interval, pace.cost, pace.age, pace.failures + more)
    assert wait(later) >= wait(pace)


@given(paces, st.floats(0, 1e6))
def test_the_older_the_jobs_the_less_often(pace: Pace, more: float) -> None:
    assume(pace.age is not None)
    older = Pace(pace.interval, pace.cost, (pace.age or 0) + more, pace.failures)
    assert wait(older) >= wait(pace)


@given(seconds, st.floats(0, SLOWEST * AGE_SHARE))
def test_a_look_adds_at_most_a_twentieth(least_interval: float, age: float) -> None:
    pace = Pace(least_interval, age=age)
    assert wait(pace) <= max(least_interval, age / AGE_SHARE)


def test_young_jobs_are_looked_at_every_half_minute() -> None:
    assert wait(Pace(age=0.0)) == wait(Pace(age=600.0)) == 30.0
    assert wait(Pace(age=3600.0)) == 180.0
    assert wait(Pace(age=86400.0)) == 300.0


def test_back_off_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait(Pace(failures=n)) for n in range(1, 8)]
    assert waits == [60.0, 120.0, 240.0, 480.0, 900.0, 900.0, 900.0]


@given(paces, st.none() | st.floats(-1e12, 1e12))
def test_a_new_monitor_neither_waits_longer_than_needed_nor_asks_too_soon(
    pace: Pace, since: float | None
) -> None:
    first = first_wait(pace, since)
    assert 0 <= first <= least(pace)
    if since is not None and since >= 0:
        assert since + first >= least(pace) * (1 - 1e-9)


def test_a_poll_that_lies_ahead_keeps_nobody_from_asking() -> None:
    assert first_wait(Pace(), -1e6) == 0.0


@given(seconds, st.none() | seconds)
def test_never_under_the_machine_s_own_interval(machine: float, wanted: float | None) -> None:
    assert interval(machine, wanted) >= machine
    assert interval(machine, wanted) in (machine, wanted)


@given(st.floats(0, 2e9), st.floats(0, 1e7), st.floats(0, 1e6), st.floats(-1e8, 1e8))
def test_jumps_are_told_from_time_that_passes(
    wall: float, running: float, passes: float, moved: float
) -> None:
    before, now = Instant(wall, running), Instant(wall + passes + moved, running + passes)
    found = jump(before, now)
    if abs(moved) > JUMP + 1:
        assert abs(found - moved) < 1e-3
    if abs(moved) < JUMP - 1:
        assert found == 0.0
