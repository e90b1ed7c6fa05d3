"""Messages on their way: grouped, filtered, repeated, and never in anybody's way."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from sojourn.contract import ChannelInfo, hookimpl
from sojourn.notify import couriers
from sojourn.notify.messenger import Messenger
from sojourn.notify.options import USUAL, GeneralOptions
from sojourn.notify.settings import NotifySettings, Wanted
from sojourn.plugins.registry import Registry
from sojourn.values.notification import Channel, Notice, Notification, Topic
from tests.support.waiting import eventually


class Pager:
    """A plugin whose channels are named by what they do: `keep`, `fail`, `once`, `hang`."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Notification]] = {"keep": [], "fail": [], "once": [], "hang": []}
        self.free = threading.Event()

    @hookimpl
    def sojourn_channel_info(self) -> Sequence[ChannelInfo]:
        return [ChannelInfo(kind, kind) for kind in self.heard]

    @hookimpl
    def sojourn_notify(self, channel: Channel, notification: Notification) -> bool:
        self.heard[channel.kind].append(notification)
        if channel.kind == "fail" or (channel.kind == "once" and len(self.heard["once"]) == 1):
            raise OSError("no line")
        if channel.kind == "hang":
            self.free.wait(60)
        return True


@pytest.fixture
def pager() -> Iterator[Pager]:
    made = Pager()
    yield made
    made.free.set()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repetitions come at once."""
    monkeypatch.setattr(couriers.Courier.__init__, "__defaults__", ((0.0, 0.0),))


@contextmanager
def messenger(
    pager: Pager, *kinds: str, topics: frozenset[Topic] = frozenset(USUAL), **more: Any
) -> Iterator[tuple[Messenger, list[str]]]:
    """A messenger with channels of these kinds, and what it reports."""
    registry = Registry(discover=False)
    registry.register(pager, name="pager")
    said: list[str] = []
    wanted = tuple(Wanted(Channel(f"my {kind}", kind), topics) for kind in kinds)
    settings = NotifySettings(GeneralOptions(window=30.0), wanted)
    made = Messenger(registry, settings, report=said.append, **more)
    try:
        yield made, said
    finally:
        pager.free.set()
        made.close()


def notice(number: int, topic: Topic = Topic.JOB_READY, event: int = 0) -> Notice:
    name = f"job {number}"
    return Notice(topic, name, 1.0, signature=f"{number:064x}", machine="hpc", event=event)


def test_five_hundred_in_a_window_are_one_message(pager: Pager) -> None:
    with messenger(pager, "keep") as (made, said):
        for number in range(500):
            made.gather([notice(number)], number + 1, number / 100)
            made.tell(number / 100)
        assert pager.heard["keep"] == []
        assert made.ends == 30.0
        made.tell(30.0)
        assert made.settle(10)
        assert made.ends is None
        (message,) = pager.heard["keep"]
        assert len(message.notices) == 500
        assert made.told == 500
        assert said == []


def test_a_channel_is_told_only_of_what_it_wants(pager: Pager) -> None:
    shown: list[Notification] = []
    wanted = frozenset({Topic.JOB_FAILED})
    with messenger(pager, "keep", topics=wanted, on_message=shown.append) as (made, _):
        made.gather([notice(1), notice(2, Topic.JOB_FAILED)], 5, 0.0)
        made.tell(0.0, at_once=True)
        made.gather([notice(3)], 6, 40.0)
        made.tell(40.0, at_once=True)
        assert made.settle(10)
        assert [[n.subject for n in m.notices] for m in pager.heard["keep"]] == [["job 2"]]
        assert [len(message.notices) for message in shown] == [2, 1]
        assert made.told == 6


def test_nothing_to_tell_moves_the_mark(pager: Pager) -> None:
    with messenger(pager, "keep", mark=3) as (made, _):
        assert made.told == 3
        made.gather([], 9, 0.0)
        assert made.told == 9
        made.tell(1e9, at_once=True)
        assert pager.heard["keep"] == []


def test_a_failing_channel_is_reported_once_and_disturbs_no_other(pager: Pager) -> None:
    with messenger(pager, "fail", "keep") as (made, said):
        for number in range(3):
            made.gather([notice(number)], number + 1, 0.0)
            made.tell(0.0, at_once=True)
        assert made.settle(10)
        assert len(pager.heard["keep"]) == 3
        assert len(pager.heard["fail"]) == 9  # each is tried three times
        (line,) = said
        assert "channel 'my fail'" in line
        assert "OSError: no line" in line
        assert made.told == 3


def test_a_channel_that_recovers_brings_the_message(pager: Pager) -> None:
    with messenger(pager, "once") as (made, said):
        made.gather([notice(1)], 1, 0.0)
        made.tell(0.0, at_once=True)
        assert made.settle(10)
        assert [len(message.notices) for message in pager.heard["once"]] == [1, 1]
        assert said[-1] == "channel 'my once' works again"
        assert len(said) == 2


def test_a_channel_that_hangs_holds_up_nobody(pager: Pager) -> None:
    with messenger(pager, "hang", "keep") as (made, _):
        for number in range(3):
            made.gather([notice(number)], number + 1, 0.0)
            made.tell(0.0, at_once=True)
        eventually(lambda: len(pager.heard["keep"]) == 3)
        assert len(pager.heard["hang"]) == 1
        assert made.told == 0
        assert not made.settle(0.0)
        pager.free.set()
        assert made.settle(10)
        assert made.told == 3


def test_what_could_not_be_brought_before_the_end_is_left_for_the_next(
    pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers.Courier.__init__, "__defaults__", ((3600.0,),))
    with messenger(pager, "fail") as (made, said):
        made.gather([notice(1)], 7, 0.0)
        made.tell(0.0, at_once=True)
        eventually(lambda: bool(said))
    assert len(pager.heard["fail"]) == 1
    assert made.told == 0


def test_the_next_tells_a_channel_nothing_twice_because_another_has_failed(
    pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers.Courier.__init__, "__defaults__", ((3600.0,),))
    with messenger(pager, "fail", "keep") as (made, said):
        made.gather([notice(1, event=7)], 7, 0.0)
        made.tell(0.0, at_once=True)
        eventually(lambda: bool(said) and made.ahead == {"my keep": 7})
    assert made.told == 0
    with messenger(pager, "fail", "keep", mark=made.told, ahead=made.ahead) as (after, _):
        after.gather([notice(1, event=7), notice(2), notice(3, event=8)], 8, 0.0)
        after.tell(0.0, at_once=True)
        eventually(lambda: after.ahead == {"my keep": 8})
    told = [[one.subject for one in message.notices] for message in pager.heard["keep"]]
    assert told == [["job 1"], ["job 2", "job 3"]]
    assert [one.subject for one in pager.heard["fail"][-1].notices] == ["job 1", "job 2", "job 3"]


def test_a_plugin_that_is_gone_is_a_failure_like_any_other(pager: Pager) -> None:
    registry = Registry(discover=False)
    settings = NotifySettings(GeneralOptions(), (Wanted(Channel("old", "gone"), frozenset(USUAL)),))
    said: list[str] = []
    made = Messenger(registry, settings, report=said.append)
    made.gather([notice(1)], 1, 0.0)
    made.tell(0.0, at_once=True)
    assert made.settle(10)
    made.close()
    assert "no installed plugin offers a channel 'gone'" in said[0]
