"""The channel `command`: a command of the user's, told by its environment and standard input."""

import json
from typing import TYPE_CHECKING

from sojourn.contract import ChannelInfo, hookimpl
from sojourn.notify.channels.running import run_program
from sojourn.values.notification import Channel, Notification

if TYPE_CHECKING:
    from sojourn.notify.options import CommandOptions

KIND = "command"

sojourn_contract = 1


@hookimpl
def sojourn_channel_info() -> list[ChannelInfo]:
    """What this is."""
    from sojourn.notify.options import CommandOptions

    return [ChannelInfo(KIND, "a command of your own", 1, CommandOptions)]


@hookimpl
def sojourn_notify(channel: Channel, notification: Notification) -> bool | None:
    """Run it: a shell line by `sh`, a list of arguments as it is."""
    if channel.kind != KIND:
        return None
    options: CommandOptions = channel.options  # type: ignore[assignment]
    command = ["sh", "-c", options.run] if isinstance(options.run, str) else list(options.run)
    run_program(
        command,
        timeout=options.timeout,
        environment=environment(notification),
        given=json.dumps(notification.to_json()).encode() + b"\n",
    )
    return True


def environment(notification: Notification) -> dict[str, str]:
    """The variables that the command sees besides those of the monitor."""
    return {
        "SOJOURN_TITLE": notification.title,
        "SOJOURN_BODY": notification.body,
        "SOJOURN_LEVEL": notification.level.value,
        "SOJOURN_TOPICS": " ".join(sorted(topic.value for topic in notification.topics)),
    }
