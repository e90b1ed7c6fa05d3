"""Machines that answer, fail, hang, sleep or vanish: asked as they should be, nothing lost."""

import threading
from itertools import pairwise

import pytest

from sojourn.errors import (
    ConnectionLost,
    NeedsLogin,
    SchedulerUnavailable,
    StoreError,
    Unreachable,
)
from sojourn.monitor import configuration, watch
from sojourn.session import links
from sojourn.states import State
from sojourn.store.census import Load
from sojourn.store.machines import NEEDS_LOGIN, OK, UNREACHABLE
from sojourn.store.store import Store
from sojourn.values.messages import Phase
from tests.core.monitor.stage import Stage, in_state, states, submit
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contacts are repeated at once, and fresh jobs are not left to others for long."""
    monkeypatch.setattr(links, "RETRY_ATTEMPTS", 1)
    monkeypatch.setattr(watch, "FRESH", 0.05)
    monkeypatch.setattr(configuration, "EVERY", 0.1)


def backs_off(times: list[float]) -> bool:
    """Whether each wait is at least twice the interval, then four times, and so on."""
    waits = [later - before for before, later in pairwise(times)]
    return all(wait >= 0.02 * 2.0**n for n, wait in enumerate(waits, 1))


def test_one_poll_for_all_jobs_of_a_machine(stage: Stage) -> None:
    with stage.watching() as session:
        records = submit(session, "a", 30)
        eventually(in_state(session, State.RUNNING))
        stage.polled_again("a", 3)
        wanted = sorted(record.signature for record in records)
        assert all(sorted(asked) == wanted for asked in stage.puppet.at("a").polls[1:])
        assert stage.polls("b") == 0


def test_jobs_that_others_hand_in_are_picked_up(stage: Stage) -> None:
    with stage.watching() as session:
        submit(session, "a")
        eventually(lambda: stage.polls("a") > 0)
        submit(session, "b", 2)
        eventually(lambda: stage.polls("b") > 0)
        stage.puppet.at("a").default = stage.puppet.at("b").default = Phase.ENDED
        eventually(in_state(session, State.COMPLETED))
        told = [event.signature for event in stage.events if event.new is State.COMPLETED]
        assert len(told) == len(set(told)) == 3


def test_a_machine_without_jobs_is_left_alone(stage: Stage) -> None:
    with stage.watching() as session:
        submit(session, "a")
        stage.puppet.at("a").default = Phase.ENDED
        eventually(in_state(session, State.COMPLETED))
        asked = stage.polls("a")
        submit(session, "b")
        stage.polled_again("b", 5)
        assert stage.polls("a") == asked


def test_a_machine_that_hangs_holds_up_no_other(stage: Stage) -> None:
    stage.puppet.at("a").hold = held = threading.Event()
    held.set()
    with stage.watching() as session:
        submit(session, "a")
        submit(session, "b")
        stage.polled_again("a")
        held.clear()
        stage.polled_again("b", 10)
        hanging = stage.polls("a")
        stage.polled_again("b", 10)
        assert stage.polls("a") == hanging
        held.set()
        stage.polled_again("a")


@pytest.mark.parametrize(
    "error",
    [Unreachable("no route"), ConnectionLost("cut"), SchedulerUnavailable("slurmctld is down")],
)
def test_a_network_error_marks_nothing_finished(stage: Stage, error: Exception) -> None:
    with stage.watching() as session:
        submit(session, "a", 3)
        eventually(in_state(session, State.RUNNING))
        history = session.store.last_event_id()
        stage.puppet.at("a").error = error  # type: ignore[assignment]
        eventually(lambda: session.store.machines()["a"].state == UNREACHABLE)
        stage.polled_again("a", 3)
        assert states(session) == {State.RUNNING}
        assert session.store.last_event_id() == history
        assert [line for line in stage.said if "asked again in" in line] == [
            line for line in stage.said if str(error) in line
        ]
        stage.puppet.at("a").error = None
        eventually(lambda: stage.has_said("a answers again"))
        stage.puppet.at("a").default = Phase.ENDED
        eventually(in_state(session, State.COMPLETED))


def test_who_does_not_answer_is_asked_less_often_and_others_as_before(stage: Stage) -> None:
    stage.puppet.at("a").error = Unreachable("no route")
    with stage.watching() as session:
        submit(session, "b")
        with stage.session() as other:
            stage.puppet.at("a").error = None
            submit(other, "a")
            stage.puppet.at("a").error = Unreachable("no route")
        before = stage.polls("b")
        eventually(lambda: stage.polls("a") >= 6)
        assert backs_off(stage.puppet.at("a").asked)
        assert stage.polls("b") > before


def test_a_machine_that_wants_a_person_is_left_alone_and_said_once(stage: Stage) -> None:
    with stage.watching() as session:
        submit(session, "a")
        submit(session, "b")
        stage.polled_again("a")
        stage.puppet.at("a").error = NeedsLogin("wants a one-time code", machine="a")
        eventually(lambda: session.store.machines()["a"].state == NEEDS_LOGIN)
        eventually(lambda: stage.has_said("wants a one-time code"))
        asked = stage.polls("a")
        stage.polled_again("b", 8)
        assert stage.polls("a") == asked
        assert len([line for line in stage.said if "wants a one-time code" in line]) == 1
        assert "sojourn login a" in next(line for line in stage.said if "one-time code" in line)
        # What `sojourn login` does, in another process:
        stage.puppet.at("a").error = None
        session.store.set_machine_state("a", OK, at=stage.clock.wall())
        stage.polled_again("a")
        eventually(lambda: stage.has_said("a"))
        assert states(session) == {State.RUNNING}


def test_that_it_wants_a_person_is_not_said_again_by_the_next_monitor(stage: Stage) -> None:
    with stage.watching() as session:
        submit(session, "a")
        stage.polled_again("a")
        stage.puppet.at("a").error = NeedsLogin("wants a code", machine="a")
        eventually(lambda: stage.has_said("wants a code"))
    stage.said.clear()
    with stage.watching() as session:
        submit(session, "b")
        stage.polled_again("b", 5)
        assert not stage.has_said("wants a code")


def test_a_machine_that_is_renamed_is_said_and_nothing_is_lost(stage: Stage) -> None:
    with stage.watching() as session:
        submit(session, "a", 2)
        eventually(in_state(session, State.RUNNING))
        stage.write("b", "c")
        eventually(lambda: stage.has_said("2 jobs are out on a"), timeout=40)
        (line,) = [line for line in stage.said if "out on a" in line]
        assert "there is no machine 'a'" in line
        assert "nothing is lost" in line
        assert states(session) == {State.RUNNING}
        asked = stage.polls("a")
        submit(session, "b")
        stage.polled_again("b", 5)
        assert stage.polls("a") == asked
        stage.write("a", "b")
        stage.polled_again("a")
        stage.puppet.at("a").default = stage.puppet.at("b").default = Phase.ENDED
        eventually(in_state(session, State.COMPLETED))


def test_a_mistake_in_the_file_changes_nothing_while_it_runs(stage: Stage) -> None:
    with stage.watching() as session:
        submit(session, "a")
        stage.polled_again("a")
        stage.file.write_text("machines: [")
        eventually(lambda: stage.has_said("the machines stay as they were"), timeout=40)
        stage.polled_again("a")


def test_after_a_sleep_all_machines_are_asked_and_the_time_in_between_does_not_count(
    stage: Stage,
) -> None:
    stage.write("a", "b", interval="1h")
    with stage.watching() as session:
        submit(session, "a")
        eventually(lambda: stage.polls("a") == 1)
        stage.puppet.at("a").default = Phase.ABSENT
        stage.clock.moved = 86400.0
        eventually(lambda: stage.polls("a") == 2)
        assert stage.has_said("has slept, or its clock was set forward, by 24 h")
        stage.clock.moved *= 2
        eventually(lambda: stage.polls("a") == 3)
        (record,) = session.store.select()
        assert record.state is State.RUNNING
        assert record.absent_watched == 0.0


def test_a_clock_set_back_keeps_nobody_from_asking(stage: Stage) -> None:
    with stage.watching() as session:
        submit(session, "a")
        stage.polled_again("a")
        stage.clock.moved = -1e6
        eventually(lambda: stage.has_said("the clock was set back by 277 h"))
        stage.polled_again("a", 3)


def test_what_had_to_wait_is_handed_in(stage: Stage) -> None:
    stage.puppet.at("a").full = True
    with stage.watching() as session:
        submit(session, "a", 2)
        assert states(session) == {State.NEW}
        eventually(lambda: len(stage.puppet.at("a").tried) >= 3)
        stage.puppet.at("a").full = False
        eventually(in_state(session, State.RUNNING))
        assert set(stage.puppet.at("a").submitted.values()) == {1}


def test_a_full_queue_is_tried_less_and_less_often(stage: Stage) -> None:
    stage.puppet.at("a").full = True
    with stage.watching() as session:
        submit(session, "a", 2)
        submit(session, "b")
        eventually(lambda: len(stage.puppet.at("a").tried) >= 7)
        assert backs_off(stage.puppet.at("a").tried[2:6])  # the first is the test's own
        assert stage.polls("b") > 0


def test_a_store_that_fails_for_a_while_loses_no_news(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stage.folder / "notify.yaml").write_text("notify: {window: 0.05s, channels: {}}")
    fails = threading.Event()
    census = Store.census

    def failing(store: Store) -> dict[str, Load]:
        if fails.is_set():
            raise StoreError("the disk is full")
        return census(store)

    monkeypatch.setattr(Store, "census", failing)
    with stage.watching(notify=True) as session:
        records = submit(session, "a", 3)
        eventually(in_state(session, State.RUNNING))
        fails.set()
        eventually(lambda: stage.has_said("the disk is full"))
        for record in records:
            session.store.change(
                record.signature,
                "a",
                expected=State.RUNNING,
                expected_attempt=1,
                new_state=State.COMPLETED,
            )
        fails.clear()
        eventually(lambda: sum(len(message.notices) for message in stage.messages) == 3)
    assert len([line for line in stage.said if "the disk is full" in line]) == 1
    told = [event.signature for event in stage.events if event.new is State.COMPLETED]
    assert sorted(told) == sorted(record.signature for record in records)
