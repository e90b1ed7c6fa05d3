"""Core's own plugins, like any other: they use the public hooks only. Here its transports."""

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from sojourn.contract import TransportInfo, hookimpl

if TYPE_CHECKING:
    from sojourn.machines.model import Machine
    from sojourn.transports.base import Transport

NAME = "sojourn"
"""The name under which it is registered; reserved."""

CHANNELS = ("terminal", "desktop", "command", "apprise")
"""Modules of `sojourn.notify.channels`, each a plugin named `notify-` and its name."""

TRANSPORTS = ("local", "ssh", "openssh")

sojourn_contract = 1


def plugins() -> Iterator[tuple[str, object]]:
    """All of core's own, by name: this module first."""
    yield NAME, sys.modules[__name__]
    for name in CHANNELS:
        yield f"notify-{name}", import_module(f"sojourn.notify.channels.{name}")


@hookimpl
def sojourn_transport_info() -> list[TransportInfo]:
    """The three transports that come with core."""
    from sojourn.transports.config import LocalConfig, SshConfig

    return [
        TransportInfo("local", "this computer", config_model=LocalConfig),
        TransportInfo("ssh", "SSH by paramiko", config_model=SshConfig),
        TransportInfo("openssh", "SSH by the ssh program", config_model=SshConfig),
    ]


@hookimpl
def sojourn_open_transport(machine: "Machine", interactive: bool) -> "Transport | None":
    """Open one of the three, leaving other words to other plugins."""
    if machine.transport not in TRANSPORTS:
        return None
    from sojourn.transports.opening import open_transport

    return open_transport(
        machine.transport, machine.connection, machine.name, interactive=interactive
    )
