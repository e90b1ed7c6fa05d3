"""The channel `terminal`: lines on the monitor's standard error."""

import sys
import time
from typing import TYPE_CHECKING

from sojourn.contract import ChannelInfo, hookimpl
from sojourn.values.notification import Channel, Level, Notification

if TYPE_CHECKING:
    from sojourn.notify.options import TerminalOptions

KIND = "terminal"

sojourn_contract = 1


@hookimpl
def sojourn_channel_info() -> list[ChannelInfo]:
    """What this is."""
    from sojourn.notify.options import TerminalOptions

    return [ChannelInfo(KIND, "lines where the monitor runs", 1, TerminalOptions)]


@hookimpl
def sojourn_notify(channel: Channel, notification: Notification) -> bool | None:
    """Print it, with the time; with `bell` a terminal is rung."""
    if channel.kind != KIND:
        return None
    options: TerminalOptions | None = channel.options  # type: ignore[assignment]
    bell = "\a" if options is not None and options.bell and sys.stderr.isatty() else ""
    sys.stderr.write(f"{bell}{as_lines(notification)}\n")  # at once: others write there, too
    sys.stderr.flush()
    return True


def as_lines(notification: Notification) -> str:
    """The time, then the message; each further line indented."""
    clock = time.strftime("%H:%M:%S", time.localtime(notification.at))
    mark = "" if notification.level is Level.INFO else f"{notification.level.value}: "
    first, *rest = notification.body.split("\n")
    if rest:
        first, rest = notification.title, [first, *rest]
    return "\n".join([f"{clock} {mark}{first}", *(f"  {line}" for line in rest)])
