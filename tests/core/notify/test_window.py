"""Windows: few messages, none late, none empty, whatever comes when."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sojourn.notify.window import LONGEST, QUIET, WINDOW, Window

gaps = st.lists(st.floats(0, 4000) | st.floats(0, 100), min_size=1, max_size=300)


def messages(times: list[float], window: Window) -> list[tuple[float, list[float]]]:
    """When messages go out for things that come up at these times, and what is in each."""
    sent: list[tuple[float, list[float]]] = []
    gathered: list[float] = []
    for now in [*times, math.inf]:
        while window.ends is not None and window.ends <= now:
            ends = window.ends
            assert window.due(ends)
            sent.append((ends, gathered))
            window, gathered = window.told(ends), []
        if now < math.inf:
            window = window.touched(now)
            gathered = [*gathered, now]
            assert window.opened is not None
    return sent


def at(steps: list[float]) -> list[float]:
    """Times from the steps between them."""
    now, times = 0.0, []
    for step in steps:
        now += step
        times.append(now)
    return times


@given(gaps)
def test_everything_is_told_once_and_in_time(steps: list[float]) -> None:
    times = at(steps)
    sent = messages(times, Window())
    assert [time for _, group in sent for time in group] == times
    for when, group in sent:
        assert group
        assert when - group[0] <= LONGEST * (1 + 1e-9)


@given(gaps)
def test_a_quiet_time_makes_the_next_window_short_again(steps: list[float]) -> None:
    sent = messages(at(steps), Window())
    for (before, first), (when, group) in pairwise(sent):
        length, last = when - group[0], before - first[0]
        if group[0] - before > QUIET * last * 1.001:
            assert length <= WINDOW * 1.001
        else:
            assert length <= max(WINDOW, 2 * last) * 1.001


def test_one_thing_waits_half_a_minute() -> None:
    assert messages([100.0], Window()) == [(130.0, [100.0])]


def test_five_hundred_at_once_are_one_message() -> None:
    assert len(messages([1.0 + n / 100 for n in range(500)], Window())) == 1


def test_five_hundred_through_a_night_are_a_few_dozen_at_most() -> None:
    night = 10 * 3600.0
    sent = messages([n * night / 500 for n in range(500)], Window())
    assert len(sent) <= night / LONGEST + math.log2(LONGEST / WINDOW) + 2


def test_nothing_is_due_without_anything_to_tell() -> None:
    assert not Window().due(1e9)
    assert not Window().touched(0.0).told(30.0).due(1e9)


def test_a_window_of_no_length_tells_at_once() -> None:
    assert Window(shortest=0.0, longest=0.0).touched(5.0).due(5.0)
