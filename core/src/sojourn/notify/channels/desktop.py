"""The channel `desktop`: a notification of the desktop, by notify-send."""

import html
import shutil
from typing import TYPE_CHECKING

from sojourn.contract import ChannelInfo, hookimpl
from sojourn.errors import PluginError
from sojourn.notify.channels.running import run_program
from sojourn.values.notification import Channel, Level, Notification

if TYPE_CHECKING:
    from sojourn.notify.options import DesktopOptions

KIND = "desktop"
PROGRAM = "notify-send"
_PATIENCE = 30.0

sojourn_contract = 1


@hookimpl
def sojourn_channel_info() -> list[ChannelInfo]:
    """What this is."""
    from sojourn.notify.options import DesktopOptions

    return [ChannelInfo(KIND, "notifications of the desktop (notify-send)", 1, DesktopOptions)]


@hookimpl
def sojourn_notify(channel: Channel, notification: Notification) -> bool | None:
    """Show it; failures stay until they are dismissed."""
    if channel.kind != KIND:
        return None
    options: DesktopOptions | None = channel.options  # type: ignore[assignment]
    program = shutil.which(PROGRAM)
    if program is None:
        raise PluginError(
            f"there is no {PROGRAM} here", hint="install libnotify (libnotify-bin on Debian)"
        )
    seconds = options.seconds if options is not None else None
    run_program([program, *arguments(notification, seconds)], timeout=_PATIENCE)
    return True


def arguments(notification: Notification, seconds: float | None = None) -> list[str]:
    """What notify-send is given. A body is markup to some desktops, so it is escaped."""
    urgency = "critical" if notification.level is Level.FAILURE else "normal"
    words = ["--app-name=Sojourn", f"--urgency={urgency}"]
    if seconds is not None:
        words.append(f"--expire-time={round(seconds * 1000)}")
    body = "" if notification.body == notification.title else notification.body
    return [*words, "--", notification.title, html.escape(body, quote=False)]
