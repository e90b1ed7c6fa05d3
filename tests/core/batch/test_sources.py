"""One word from a queue and its records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.sources import settle
from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord, Usage


def word(state: State | Phase, at: float | None = 1.0) -> SchedulerWord:
    """A word on a job that has ended so, or is in that phase."""
    if isinstance(state, Phase):
        return SchedulerWord(state, state.value, raw=f"line of {state}")
    found = SchedulerWord(
        Phase.ENDED, str(state), outcome=state, finished_at=at, raw=f"line of {state}"
    )
    return found


RUNS, WAITS = word(Phase.RUNNING), word(Phase.WAITING)
DONE, FAILED, CUT = word(State.COMPLETED), word(State.FAILED), word(State.NODE_FAIL)


@pytest.mark.parametrize(
    ("shown", "record", "expected"),
    [
        (RUNS, None, RUNS),
        (RUNS, FAILED, RUNS),  # a record of its run before
        (WAITS, CUT, WAITS),
        (DONE, FAILED, DONE),
        (None, DONE, DONE),
        (None, CUT, CUT),
    ],
)
def test_with_both_at_hand(
    shown: SchedulerWord | None, record: SchedulerWord | None, expected: SchedulerWord
) -> None:
    assert settle(shown, record) == expected


def test_the_records_add_what_the_queue_does_not_know_of_an_end() -> None:
    usage = Usage(elapsed=3.0)
    record = SchedulerWord(Phase.ENDED, "F", "why", State.FAILED, 3, usage=usage, raw="second")
    found = settle(FAILED, record)
    assert (found.reason, found.exit_code, found.usage) == ("why", 3, usage)
    assert found.raw == "line of FAILED\nsecond"


def test_a_record_that_was_never_brought_to_its_end_is_no_life() -> None:
    found = settle(None, RUNS)
    assert (found.phase, found.native) == (Phase.ABSENT, "running")
    assert "running" in found.reason
    assert settle(None, None) == SchedulerWord(Phase.ABSENT)


@pytest.mark.parametrize(
    ("record", "phase"),
    [
        (FAILED, Phase.ENDED),
        (CUT, Phase.UNKNOWN),  # it may have been started again
        (word(State.FAILED, None), Phase.UNKNOWN),
        (RUNS, Phase.UNKNOWN),
        (None, Phase.UNKNOWN),
    ],
)
def test_with_the_queue_silent(record: SchedulerWord | None, phase: Phase) -> None:
    found = settle(None, record, queue_trouble="down")
    assert found.phase is phase
    assert phase is Phase.ENDED or found.reason == "down"


_WORDS = st.none() | st.sampled_from([RUNS, WAITS, DONE, FAILED, CUT, word(Phase.UNKNOWN)])


@given(_WORDS, _WORDS, st.sampled_from(["", "down"]), st.sampled_from(["", "off"]))
def test_nothing_is_concluded_from_silence(
    shown: SchedulerWord | None, record: SchedulerWord | None, queue: str, records: str
) -> None:
    found = settle(shown, record, queue_trouble=queue, records_trouble=records)
    if found.phase is Phase.ABSENT:
        assert (queue, records, shown) == ("", "", None)
    assert (found.outcome is not None) == (found.phase is Phase.ENDED)
