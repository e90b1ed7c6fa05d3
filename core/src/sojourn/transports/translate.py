"""The one place where paramiko's and the socket module's exceptions become ours."""

import socket

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from sojourn.errors import ConnectionLost, MachineError, SiteError, Unreachable

FOREIGN = (paramiko.SSHException, OSError, EOFError)
"""What paramiko and sockets raise. `TimeoutError` is an `OSError`."""

_WITHOUT_AN_END = "the connection ended before the login"


def while_connecting(error: Exception, *, machine: str, host: str, by: str = "") -> MachineError:
    """The error for a connection to `host` that could not be made; `by` says how it was tried."""
    if isinstance(error, IncompatiblePeer):
        return SiteError(
            f"{host} and paramiko have no algorithm in common: {error}",
            machine=machine,
            hint="Use transport: openssh for this machine.",
        )
    if isinstance(error, socket.gaierror):
        return Unreachable(
            f"the name {host} cannot be resolved: {error.strerror}",
            machine=machine,
            hint="Check host: in machines.yaml and HostName in ~/.ssh/config.",
        )
    return Unreachable(f"{host} cannot be reached{by}: {_text(error)}", machine=machine)


def while_running(error: Exception, *, machine: str) -> ConnectionLost:
    """The error for a connection that ended under a channel."""
    return ConnectionLost(f"the connection ended: {_text(error)}", machine=machine)


def worth_repeating(error: BaseException) -> bool:
    """Whether a connection that failed like this may succeed in a moment."""
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    if isinstance(error, IncompatiblePeer):
        return False
    return isinstance(error, FOREIGN)


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or (_WITHOUT_AN_END if isinstance(error, EOFError) else repr(error))
