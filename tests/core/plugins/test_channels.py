"""Channels of plugins: found by their word, asked alone, and told apart from others'."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sojourn.contract import ChannelInfo, hookimpl
from sojourn.errors import ContractError, PluginError
from sojourn.plugins.builtin import CHANNELS
from sojourn.plugins.compatibility import Kind
from sojourn.plugins.outcomes import LoadedPlugin, LoadFailure
from sojourn.plugins.registry import Registry
from sojourn.values.notification import Channel, Level, Notification

MESSAGE = Notification("title", "body", Level.INFO, 1.0)


class Pager:
    """A plugin that offers channels, and keeps what it is given."""

    def __init__(self, *kinds: str, answer: Callable[[], Any] = lambda: True) -> None:
        self.kinds = kinds
        self.answer = answer
        self.heard: list[tuple[Channel, Notification]] = []

    @hookimpl
    def sojourn_channel_info(self) -> Sequence[ChannelInfo]:
        return [ChannelInfo(kind, f"by {kind}") for kind in self.kinds]

    @hookimpl
    def sojourn_notify(self, channel: Channel, notification: Notification) -> Any:
        self.heard.append((channel, notification))
        return self.answer()


def registry(**plugins: object) -> Registry:
    made = Registry(discover=False, report=lambda line: None)
    for name, plugin in plugins.items():
        made.register(plugin, name=name)
    return made


def test_core_s_own_are_plugins_like_any_other() -> None:
    found = {each.name: each for each in Registry(discover=False).installed()}
    for kind in CHANNELS:
        plugin = found[f"notify-{kind}"]
        assert isinstance(plugin, LoadedPlugin)
        assert plugin.kinds == (Kind.CHANNEL,)
        assert [info.name for info in plugin.channels] == [kind]
        assert plugin.summary


def test_only_the_one_that_offers_it_is_asked() -> None:
    pager, other = Pager("pager", "beeper"), Pager("horn")
    both = registry(first=pager, second=other)
    for kind in ("pager", "beeper"):
        both.notify(Channel("me", kind), MESSAGE)
    assert [(channel.kind, message) for channel, message in pager.heard] == [
        ("pager", MESSAGE),
        ("beeper", MESSAGE),
    ]
    assert other.heard == []
    assert both.channel("horn").summary == "by horn"


def test_an_unknown_one_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(
        PluginError, match="no installed plugin offers a channel 'desktp'"
    ) as caught:
        registry().notify(Channel("me", "desktp"), MESSAGE)
    assert "'desktop'" in caught.value.hint


@pytest.mark.parametrize("answer", [None, False, "sent"])
def test_one_that_does_not_take_what_it_offers_is_an_error(answer: object) -> None:
    with pytest.raises(PluginError, match="did not take"):
        registry(p=Pager("pager", answer=lambda: answer)).notify(Channel("me", "pager"), MESSAGE)


def test_one_that_raises_is_an_error_of_ours() -> None:
    def fail() -> None:
        raise OSError("no line")

    with pytest.raises(PluginError, match="'p' failed in sojourn_notify: OSError: no line"):
        registry(p=Pager("pager", answer=fail)).notify(Channel("me", "pager"), MESSAGE)


def test_a_channel_that_is_taken_is_a_clash() -> None:
    with pytest.raises(PluginError, match="channel 'desktop' is that of plugin 'notify-desktop'"):
        registry(p=Pager("desktop"))


class Mute:
    """Announces a channel and has no hook to bring anything."""

    @hookimpl
    def sojourn_channel_info(self) -> Sequence[ChannelInfo]:
        return [ChannelInfo("mute", "")]


class Nameless:
    """Brings something, and does not say by what."""

    @hookimpl
    def sojourn_notify(self) -> bool:
        return True


class Newer:
    """Built for a contract that is still to come."""

    @hookimpl
    def sojourn_channel_info(self) -> Sequence[ChannelInfo]:
        return [ChannelInfo("newer", "", contract=99)]

    @hookimpl
    def sojourn_notify(self) -> bool:
        return True


class Wordy:
    """Answers with something else."""

    @hookimpl
    def sojourn_channel_info(self) -> Any:
        return ["wordy"]

    @hookimpl
    def sojourn_notify(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("plugin", "why"),
    [
        (Mute(), "announces channels without sojourn_notify"),
        (Nameless(), "names no channel"),
        (Newer(), "built for contract 99"),
        (Wordy(), "must answer ChannelInfos"),
    ],
)
def test_one_that_breaks_the_contract_is_not_used(plugin: object, why: str) -> None:
    made = registry()
    with pytest.raises(ContractError, match=why):
        made.register(plugin, name="p")
    assert "p" not in [each.name for each in made.installed()]
    assert not any(isinstance(each, LoadFailure) for each in made.installed())
