"""What a poll tells beyond the state of a job."""

from pathlib import Path

import pytest

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
