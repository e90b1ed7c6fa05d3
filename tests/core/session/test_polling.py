"""What a poll tells beyond the state of a job."""

import time
from contextlib import suppress
from pathlib import Path

import pytest

from sojourn import Job
from sojourn.errors import ConnectionLost, SojournError
from sojourn.monitor.turns import take_turn
from sojourn.states import FINAL, State
from sojourn.values.messages import Phase, Settled
from tests.core.monitor.stage import Stage, states, submit
from tests.support.waiting import eventually


@pytest.mark.parametrize("earlier", [90.0, 1.0, -30.0])
def test_who_takes_a_job_over_learns_when_it_was_handed_in(tmp_path: Path, earlier: float) -> None:
    stage = Stage(tmp_path, "a")
    with stage.session() as session:
        (record,) = submit(session, "a")
        assert record.submitted_at is not None
        stage.puppet.at("a").submitted_at = record.submitted_at - earlier
        session.refresh([record])
        known = session.record(record.signature, "a")
        expected = record.submitted_at - (earlier if earlier > 2 else 0.0)
        assert known.submitted_at == pytest.approx(expected)


def test_a_job_that_is_named_twice_is_asked_about_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "a")
    with stage.session() as session:
        (record,) = submit(session, "a")
        session.refresh([record, record])
        assert session.record(record.signature, "a").state is State.RUNNING


@pytest.mark.parametrize(
    ("seen", "found", "end"),
    [
        (Phase.FINISHING, Settled.CLOSED, State.CANCELLED),
        (Phase.FINISHING, Settled.ABSENT, State.LOST),
        (Phase.WAITING, Settled.CLOSED, State.LOST),
    ],
)
def test_what_was_called_ended_and_never_started_is_cancelled_not_lost(
    tmp_path: Path, seen: Phase, found: Settled, end: State
) -> None:
    """A waiting subjob that is deleted is "finished" to PBS; without history it is soon unknown."""
    stage = Stage(tmp_path)
    stage.write("a", lost_after="0.01s")
    strings = stage.puppet.at("a")
    strings.found, strings.default = found, seen
    with stage.session() as session:
        submit(session, "a")
        session.refresh()
        assert not states(session) & FINAL
        strings.default = Phase.ABSENT

        def ended() -> bool:
            session.refresh()
            return states(session) <= FINAL

        eventually(ended)
        assert states(session) == {end}


@pytest.mark.parametrize(("cost", "counted"), [(7.0, 7.0), (500.0, 60.0)])
def test_only_what_the_scheduler_took_counts_and_not_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cost: float, counted: float
) -> None:
    """Failed tries and the pauses between them are no burden to a scheduler."""
    monkeypatch.setattr("sojourn.session.links.FIRST_WAIT", 0.01)
    stage = Stage(tmp_path, "a")
    stage.puppet.at("a").cost = cost
    with stage.session() as session:
        submit(session, "a")
        fails = iter([True, True])

        def poll(_: str) -> None:
            if next(fails, False):
                eventually(lambda: time.monotonic() > begun + 0.5)
                raise ConnectionLost("cut on purpose")

        stage.puppet.on_poll = poll
        begun = time.monotonic()
        session.refresh()
        known = session.store.machine("a")
    assert known is not None
    assert stage.polls("a") == 3
    assert known.poll_seconds == pytest.approx(counted)


def test_a_submission_of_unknown_outcome_is_asked_about_however_dear_a_poll_is(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, "a")
    strings = stage.puppet.at("a")
    strings.cost = 60.0
    with stage.session() as session:
        submit(session, "a")
        session.refresh()
        strings.error = ConnectionLost("cut on purpose")
        with suppress(SojournError):
            session.submit([Job(command="true", name="unknown")], on="a")
        strings.error = None
        (unknown,) = session.store.select(states=[State.SUBMITTING])
        strings.found = Settled.HANDED_IN
        session.refresh()
        found = session.record(unknown.signature, "a")
    assert stage.polls("a") == 1
    assert found.state is State.QUEUED


def test_a_monitor_asks_about_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sojourn.monitor.turns.ADOPT_AFTER", 0.0)
    stage = Stage(tmp_path, "a")
    strings = stage.puppet.at("a")
    strings.cost, strings.found = 60.0, Settled.HANDED_IN
    with stage.session() as session:
        submit(session, "a")
        session.refresh()
        strings.error = ConnectionLost("cut on purpose")
        with suppress(SojournError):
            session.submit([Job(command="true", name="unknown")], on="a")
        strings.error = None
        turn = take_turn(session, "a", submit=False, slept=False)
        assert turn.early > 200
        assert not session.store.select(states=[State.SUBMITTING])
    assert stage.polls("a") == 1
