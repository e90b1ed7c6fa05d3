"""`monitor --once`: the summary tells of every machine that was asked, and of those that were not."""

import pytest

from sojourn.errors import Unreachable
from sojourn.session import links
from sojourn.states import State
from sojourn.values.messages import Phase
from tests.core.monitor.stage import Stage, states, submit


def test_a_machine_whose_jobs_all_end_is_among_those_that_were_asked(stage: Stage) -> None:
    with stage.session() as session:
        submit(session, "a", 2)
        stage.puppet.at("a").default = Phase.ENDED
        summary = stage.monitor(session).once()
        assert states(session) == {State.COMPLETED}
        assert summary.machines == {"a": ""}
        assert stage.monitor(session).once().machines == {}


def test_a_paused_one_is_told_as_such(stage: Stage) -> None:
    with stage.session() as session:
        submit(session, "a")
        submit(session, "b")
        session.store.update_machine("a", paused=True)
        assert stage.monitor(session).once().machines == {"a": "paused", "b": ""}


def test_one_that_did_not_answer_tells_why(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "RETRY_ATTEMPTS", 1)
    with stage.session() as session:
        submit(session, "a")
        submit(session, "b")
        stage.puppet.at("a").error = Unreachable("a: no route")
        stage.puppet.at("b").default = Phase.ENDED
        asked = stage.monitor(session).once().to_json()["machines"]
        assert asked == [
            {"machine": "a", "asked": False, "reason": "a: no route"},
            {"machine": "b", "asked": True, "reason": ""},
        ]
