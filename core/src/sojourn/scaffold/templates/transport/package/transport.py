"""The transport newplugin: programs run on a machine through a command of yours, such as
`docker exec -i box` or `kubectl exec -i pod --`. FILL marks where yours differs."""

import shlex
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict
from sojourn.contract import TransportInfo, hookimpl
from sojourn.machines.model import Machine
from sojourn.transports.base import Channel, Transport
from sojourn.transports.local import LocalTransport

NAME = "newplugin"


class Config(BaseModel):
    """The keys that this transport adds to its machines in `machines.yaml`; never a password."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    via: tuple[str, ...]  # FILL
    """The command that runs its last argument there with a shell, as a list of words."""


class NewpluginTransport:
    """A way to one machine. Safe to use from many threads."""

    def __init__(self, via: Sequence[str], machine: str) -> None:
        self._via = shlex.join(via)
        self._inner = LocalTransport(machine=machine)

    def open(self, command: str) -> Channel:
        """Start `command`, one line for the login shell there, and return its channel."""
        return self._inner.open(f"exec {self._via} sh -c {shlex.quote(command)}")  # FILL

    def close(self) -> None:
        """Close all channels and the connection. May be called twice."""
        self._inner.close()


@hookimpl
def sojourn_transport_info() -> list[TransportInfo]:
    return [TransportInfo(NAME, "through a command", contract=1, config_model=Config)]


@hookimpl
def sojourn_open_transport(machine: Machine) -> Transport | None:
    if machine.transport != NAME:
        return None  # another plugin's
    assert isinstance(machine.connection, Config)
    return NewpluginTransport(machine.connection.via, machine.name)
