"""Results are brought as jobs complete: once, also through failures, logins and kills."""

import pytest

from sojourn.errors import NeedsLogin, Unreachable
from sojourn.monitor import fetching
from sojourn.session import links
from sojourn.store.machines import NEEDS_LOGIN, OK
from sojourn.store.records import JobRecord
from sojourn.values.messages import Phase
from tests.core.monitor.stage import Stage, submit
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contacts are repeated at once, and so are fetches."""
    monkeypatch.setattr(links, "RETRY_ATTEMPTS", 1)
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.02)


def here(stage: Stage, records: list[JobRecord]) -> int:
    """How many of the results are here."""
    with stage.session() as session:
        return sum(session.results.get(record.signature) is not None for record in records)


def test_each_result_is_fetched_once_in_few_trips(stage: Stage) -> None:
    with stage.watching(fetch=True) as session:
        records = submit(session, "a", 120)
        stage.puppet.at("a").default = Phase.ENDED
        eventually(lambda: here(stage, records) == 120)
    asked = stage.puppet.at("a").fetched
    assert sorted(one for trip in asked for one in trip) == sorted(r.signature for r in records)
    assert len(asked) <= 8


def test_without_fetch_nothing_is_brought(stage: Stage) -> None:
    with stage.watching(fetch=False) as session:
        submit(session, "a")
        stage.puppet.at("a").default = Phase.ENDED
        eventually(lambda: len(stage.events) >= 3 and stage.events[-1].new.value == "COMPLETED")
    assert stage.puppet.at("a").fetched == []


def test_what_could_not_be_brought_is_brought_later_also_by_the_next_monitor(stage: Stage) -> None:
    strings = stage.puppet.at("a")
    strings.fetch_error = Unreachable("no route")
    with stage.watching(fetch=True) as session:
        records = submit(session, "a", 3)
        strings.default = Phase.ENDED
        eventually(lambda: len(strings.fetched) >= 3)
    assert here(stage, records) == 0
    strings.fetch_error = None
    with stage.watching(fetch=True):
        eventually(lambda: here(stage, records) == 3)
    count = len(strings.fetched)
    with stage.watching(fetch=True) as session:
        submit(session, "b")
        stage.polled_again("b")
    assert len(strings.fetched) == count


def test_what_the_machine_does_not_give_is_given_up_and_said(stage: Stage) -> None:
    with stage.watching(fetch=True) as session:
        good, bad = submit(session, "a", 2)
        stage.puppet.at("a").broken.add(bad.signature)
        stage.puppet.at("a").default = Phase.ENDED
        eventually(lambda: stage.has_said("not tried again"))
        assert here(stage, [good]) == 1
        assert here(stage, [bad]) == 0
        (line,) = [line for line in stage.said if "not tried again" in line]
        assert f"`sojourn fetch {bad.signature[:8]}`" in line
    tries = [trip for trip in stage.puppet.at("a").fetched if bad.signature in trip]
    assert len(tries) == fetching.MOST_TRIES


def test_a_machine_that_wants_a_person_is_left_alone(stage: Stage) -> None:
    strings = stage.puppet.at("a")
    strings.fetch_error = NeedsLogin("wants a code", machine="a")
    with stage.watching(fetch=True) as session:
        records = submit(session, "a")
        strings.default = Phase.ENDED
        eventually(lambda: session.store.machines()["a"].state == NEEDS_LOGIN)
        tries = len(strings.fetched)
        submit(session, "b")
        stage.polled_again("b", 5)
        assert len(strings.fetched) == tries
        strings.fetch_error = None
        session.store.set_machine_state("a", OK, at=stage.clock.wall())
        eventually(lambda: here(stage, records) == 1)
