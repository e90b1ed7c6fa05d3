"""The channel `apprise`: mail, chat, web hooks and whatever else Apprise reaches."""

from typing import TYPE_CHECKING, Any

from sojourn.contract import ChannelInfo, hookimpl
from sojourn.errors import PluginError
from sojourn.home import expanded
from sojourn.values.notification import Channel, Notification

if TYPE_CHECKING:
    from sojourn.notify.options import AppriseOptions

KIND = "apprise"

sojourn_contract = 1


@hookimpl
def sojourn_channel_info() -> list[ChannelInfo]:
    """What this is."""
    from sojourn.notify.options import AppriseOptions

    return [ChannelInfo(KIND, "mail, chat and web hooks, by Apprise", 1, AppriseOptions)]


@hookimpl
def sojourn_notify(channel: Channel, notification: Notification) -> bool | None:
    """Send it to every address. What is said of a failure holds no address: they hold secrets."""
    if channel.kind != KIND:
        return None
    options: AppriseOptions = channel.options  # type: ignore[assignment]
    servers = _servers(options)
    failed = [
        server.service_name or "an address"
        for server in servers
        if not server.notify(
            body=notification.body,
            title=notification.title,
            notify_type=notification.level.value,
        )
    ]
    if failed:
        raise PluginError(
            f"apprise could not bring it to {len(failed)} of {len(servers)} addresses "
            f"({', '.join(map(str, failed))})",
            hint="try the same addresses with the program `apprise -v`",
        )
    return True


def _servers(options: "AppriseOptions") -> list[Any]:
    try:
        import apprise
    except ModuleNotFoundError as error:
        raise PluginError(
            "the channel apprise needs the package apprise", hint='pip install "sojourn[notify]"'
        ) from error
    found = apprise.Apprise()
    for number, url in enumerate(options.urls, 1):
        if not found.add(url.get_secret_value()):
            raise PluginError(
                f"address {number} of the channel is none that apprise understands",
                hint="see https://github.com/caronc/apprise/wiki",
            )
    if options.config is not None:
        described = apprise.AppriseConfig()
        described.add(str(expanded(options.config)))
        found.add(described)
    servers = list(found)
    if not servers:
        raise PluginError(
            f"apprise finds no address in {options.config}", hint="see `apprise --help`"
        )
    return servers
