"""Monitors inside programs: threads with callbacks, asyncio, and following another one."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from sojourn.errors import ConfigError
from sojourn.states import State
from sojourn.values.events import JobEvent
from sojourn.values.messages import Phase
from sojourn.values.notification import Notification
from tests.core.monitor.stage import Stage, in_state, submit
from tests.support.waiting import eventually


def test_a_thread_calls_back_with_every_change(stage: Stage) -> None:
    heard: list[JobEvent] = []
    others = set(threading.enumerate())
    with stage.session() as session:
        with session.monitor(on_event=heard.append, fetch=False) as monitor:
            assert monitor.works
            (record,) = submit(session, "a")
            eventually(lambda: any(event.new is State.RUNNING for event in heard))
            stage.puppet.at("a").default = Phase.ENDED
            eventually(lambda: any(event.new is State.COMPLETED for event in heard))
        assert [event.new for event in heard] == [
            State.SUBMITTING, State.QUEUED, State.RUNNING, State.COMPLETED,
        ]  # fmt: skip
        assert {event.signature for event in heard} == {record.signature}
        before = stage.polls("a")
        submit(session, "b")
        assert stage.polls("a") == before
    assert set(threading.enumerate()) <= others


def test_a_callback_that_fails_is_reported_and_ends_nothing(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[JobEvent] = []

    def fail(event: JobEvent) -> None:
        heard.append(event)
        raise ValueError("my mistake")

    with stage.session() as session, session.monitor(on_event=fail, fetch=False):
        submit(session, "a")
        eventually(lambda: any(event.new is State.RUNNING for event in heard))
    assert "a callback failed: ValueError: my mistake" in stage.said
    logged = [record for record in caplog.records if record.name == "sojourn.monitor"]
    assert len(logged) == len(heard)
    assert [bool(record.exc_info) for record in logged] == [True] + [False] * (len(logged) - 1)


def test_messages_are_shown_to_the_program(stage: Stage) -> None:
    (stage.folder / "notify.yaml").write_text("notify: {window: 0.05s, channels: {}}")
    told: list[Notification] = []
    with (
        stage.session() as session,
        session.monitor(on_notification=told.append, notify=True, fetch=False),
    ):
        stage.puppet.at("a").default = Phase.ENDED
        submit(session, "a", 20)
        eventually(lambda: sum(len(message.notices) for message in told) == 20)
    assert len(told) <= 3


def test_a_mistake_is_raised_where_it_is_begun(stage: Stage, tmp_path: Path) -> None:
    (stage.folder / "notify.yaml").write_text("nonsense: 1")
    with (
        stage.session() as session,
        pytest.raises(ConfigError, match="unknown key 'nonsense'"),
        session.monitor(notify=True),
    ):
        pass


def test_one_that_finds_another_follows_it_and_takes_its_place(stage: Stage) -> None:
    heard: list[JobEvent] = []
    with stage.session() as first, stage.session() as second:
        leading = first.monitor(fetch=False)
        leading.start()
        with second.monitor(on_event=heard.append, fetch=False) as following:
            assert leading.works
            assert not following.works
            submit(first, "a")
            eventually(lambda: any(event.new is State.RUNNING for event in heard))
            leading.stop()
            eventually(lambda: following.works)
            stage.puppet.at("a").default = Phase.ENDED
            eventually(lambda: any(event.new is State.COMPLETED for event in heard))
    assert len(heard) == len({(event.signature, event.new) for event in heard})


def test_stopping_twice_is_once(stage: Stage) -> None:
    with stage.session() as session:
        monitor = session.monitor(fetch=False)
        monitor.start()
        monitor.stop()
        monitor.stop()


@pytest.mark.asyncio
async def test_an_event_loop_gets_every_change_and_is_not_blocked(stage: Stage) -> None:
    stage.puppet.at("a").hold = hold = threading.Event()
    longest = 0.0

    async def heartbeat() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    with stage.session() as session:
        async with session.monitor_async(fetch=False) as monitor:
            beating = asyncio.create_task(heartbeat())
            hold.set()
            await asyncio.to_thread(submit, session, "a")
            hold.clear()  # the machine hangs from now on, and the loop does not
            while stage.polls("a") == 0:
                await asyncio.sleep(0.01)
            for _ in range(30):
                await asyncio.sleep(0.01)
            hold.set()
            stage.puppet.at("a").default = Phase.ENDED
            seen = []
            async for event in monitor:
                seen.append(event.new)
                if event.new is State.COMPLETED:
                    break
            beating.cancel()
        assert seen[0] is State.SUBMITTING
        assert seen[-1] is State.COMPLETED
        assert longest < 2.0
        assert in_state(session, State.COMPLETED)()


@pytest.mark.asyncio
async def test_stopping_ends_the_iteration(stage: Stage) -> None:
    with stage.session() as session:
        async with session.monitor_async(fetch=False) as monitor:

            async def all_of_them() -> int:
                return len([event async for event in monitor])

            both = [asyncio.create_task(all_of_them()) for _ in range(2)]
            await asyncio.sleep(0)
            await monitor.stop()
            assert await asyncio.wait_for(asyncio.gather(*both), 20) == [0, 0]
