"""Logging in where a person is wanted, and letting what waits for it go on."""

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from sojourn.store.machines import NEEDS_LOGIN, OK
from sojourn.transports.base import Transport

if TYPE_CHECKING:
    from sojourn.session.base import SessionBase


@runtime_checkable
class KeepsLogin(Protocol):
    """A transport that can keep an authenticated connection beyond this process."""

    def login(self, terminal: bool = True) -> None:
        """Open it; a person is asked only at a terminal."""

    def logout(self) -> bool:
        """End it; whether there was one."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it, in a line, and what to do about that."""

    said: str
    hint: str = ""


def log_in(session: "SessionBase", name: str) -> Done:
    """Log in to a machine, and let what waits for it go on.

    Raises:
        NeedsLogin: a person is wanted and there is no terminal, or the login was refused.
        MachineError: the machine cannot be reached.
        UnknownMachine, ConfigError, UnknownBackend: there is no such machine, or no way to it.
    """
    machine = session.machines.get(name)
    if machine.transport == "local":
        return Done(f"{name} is this computer: nobody needs to log in")
    with closing(session.registry.open_transport(machine, interactive=True)) as transport:
        before = session.store.machine(name)
        if isinstance(transport, KeepsLogin):
            transport.login()
            _works(session, name)
            return Done(f"logged in to {name}; the connection stays until `sojourn logout {name}`")
        _try(transport)
        _works(session, name)
    waited = before is not None and before.state == NEEDS_LOGIN
    return Done(
        f"{name} lets us in{'; what waits for it goes on' if waited else ''}",
        hint=f"`transport: {machine.transport}` keeps no connection: if you were asked for a "
        "code just now, write `transport: openssh`, or every program is asked again",
    )


def log_out(session: "SessionBase", name: str) -> Done:
    """End the connection that `log_in` keeps. Jobs go on.

    Raises:
        UnknownMachine, ConfigError, UnknownBackend: there is no such machine, or no way to it.
    """
    machine = session.machines.get(name)
    with closing(session.registry.open_transport(machine, interactive=False)) as transport:
        if not isinstance(transport, KeepsLogin):
            return Done(f"`transport: {machine.transport}` keeps no connection to {name}")
        if transport.logout():
            return Done(f"logged out of {name}")
    return Done(f"there was no connection to {name} from a login")


def _try(transport: Transport) -> None:
    with closing(transport.open("exec true")) as channel:
        channel.send_eof()
        channel.wait()


def _works(session: "SessionBase", name: str) -> None:
    """What waits for the machine may go on."""
    session.store.set_machine_state(name, OK, at=time.time())
    session.forget_link(name)
