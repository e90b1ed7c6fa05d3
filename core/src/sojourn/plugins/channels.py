"""Channels by which the user is told: which there are, and whose each is."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pluggy

from sojourn.contract import ChannelInfo
from sojourn.errors import PluginError
from sojourn.nearest import did_you_mean
from sojourn.plugins.asking import ask
from sojourn.plugins.outcomes import LoadedPlugin, Outcome

if TYPE_CHECKING:
    from sojourn.values.notification import Channel, Notification

NOTIFY_HOOK = "sojourn_notify"

Offers = Mapping[str, tuple[str, ChannelInfo]]
"""Each known channel, by its word: whose it is, and what is said of it."""


def offers(outcomes: Iterable[Outcome]) -> Offers:
    """The channels of the plugins that fit."""
    fitting = [each for each in outcomes if isinstance(each, LoadedPlugin)]
    return {info.name: (each.name, info) for each in fitting for info in each.channels}


def unknown(kind: str, known: Iterable[str]) -> PluginError:
    """The error for a channel that nobody offers."""
    return PluginError(
        f"no installed plugin offers a channel {kind!r}",
        hint=did_you_mean(kind, known, what="there is"),
    )


def send(
    manager: pluggy.PluginManager, owner: str, channel: "Channel", notification: "Notification"
) -> None:
    """Have the plugin `owner` bring a notification to the user.

    Raises:
        PluginError: it failed, or did not take the channel that it offers.
        SojournError: as the plugin raised it.
    """
    taken = ask(manager, owner, NOTIFY_HOOK, channel=channel, notification=notification)
    if taken is not True:
        raise PluginError(
            f"plugin {owner!r} offers the channel {channel.kind!r}, but did not take a "
            f"notification for it",
            hint=f"{NOTIFY_HOOK} returns True for what it has brought; tell the author",
        )
