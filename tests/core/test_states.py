"""The table of states: which changes are legal, and that nothing is left out of it."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sojourn.states import ACTIVE, FINAL, HANDED_IN, TRANSITIONS, State, may_become

STATES = st.sampled_from(State)

DESIGNED = """
NEW SUBMITTING QUEUED HELD RUNNING FINISHING
COMPLETED FAILED CANCELLED TIMEOUT OUT_OF_MEMORY NODE_FAIL PREEMPTED LOST
"""
"""What users see, and scripts depend on."""


def test_the_states_are_those_that_users_know() -> None:
    active, final = DESIGNED.strip().splitlines()
    assert [str(state) for state in State if state in ACTIVE] == active.split()
    assert [str(state) for state in State if state in FINAL] == final.split()
    assert all(state.name == state.value == str(state) for state in State)


def test_every_state_is_active_or_final_and_has_a_row() -> None:
    assert set(State) == ACTIVE | FINAL
    assert not ACTIVE & FINAL
    assert TRANSITIONS.keys() == set(State)
    assert ACTIVE - {State.NEW} == HANDED_IN


@given(STATES)
def test_staying_is_no_change(state: State) -> None:
    assert may_become(state, state)
    assert state not in TRANSITIONS[state]


@given(STATES, STATES)
def test_the_table_is_what_decides(old: State, new: State) -> None:
    assert may_become(old, new) == (new == old or new in TRANSITIONS[old])


@given(st.sampled_from(sorted(ACTIVE)), st.sampled_from(sorted(FINAL)))
def test_an_active_job_may_end_in_any_way_at_any_time(old: State, new: State) -> None:
    """A client that was away finds it ended, whatever it knew before."""
    assert may_become(old, new)


@given(st.sampled_from(sorted(FINAL - {State.LOST})), STATES)
def test_only_a_new_attempt_leaves_a_final_state(old: State, new: State) -> None:
    assert may_become(old, new) == (new in (old, State.NEW))


def test_what_was_lost_may_turn_up() -> None:
    assert TRANSITIONS[State.LOST] == (FINAL - {State.LOST}) | {State.NEW, State.RUNNING}


def test_nothing_falls_back_to_being_submitted() -> None:
    """A new submission begins at NEW; an unknown outcome is settled, never repeated."""
    before = {old for old in State if State.SUBMITTING in TRANSITIONS[old]}
    assert before == {State.NEW}


def test_a_job_that_has_run_is_not_new_without_an_end() -> None:
    assert not may_become(State.RUNNING, State.NEW)
    assert not may_become(State.FINISHING, State.NEW)


@given(STATES, STATES)
def test_every_state_can_be_reached_from_every_other(old: State, new: State) -> None:
    reached = {old}
    for _ in State:
        reached |= set(itertools.chain.from_iterable(TRANSITIONS[state] for state in reached))
    assert new in reached
