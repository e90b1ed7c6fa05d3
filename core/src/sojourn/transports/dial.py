"""The byte stream to an ssh server: a socket, a jump host's channel, or a program's pipes."""

import os
import socket
import subprocess
import tempfile
import time
from typing import IO, Any

from sojourn.transports.groups import end_group
from sojourn.transports.limits import within
from sojourn.transports.ssh_config import Host

_SHOWN = 400
"""Bytes of a ProxyCommand's errors that are shown."""
_FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
_Address = tuple[Any, Any, int, str, Any]
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


def dial(host: Host, timeout: float) -> socket.socket:
    """A stream to `host`, by its ProxyCommand or over TCP (IPv6 or IPv4, whatever answers).

    Raises:
        OSError: nothing answered within `timeout` seconds.
    """
    if host.proxy_command:
        return _run_proxy(host.proxy_command)
    deadline = time.monotonic() + timeout
    family = _FAMILIES.get(host.address_family, socket.AF_UNSPEC)
    addresses = _resolve(host, family, timeout)
    failure: OSError = TimeoutError(f"nothing answered within {timeout:g} s")
    for number, (kind, _, protocol, _, address) in enumerate(addresses):
        left = (deadline - time.monotonic()) / (len(addresses) - number)
        if left <= 0:
            break
        stream = socket.socket(kind, socket.SOCK_STREAM, protocol)
        try:
            stream.settimeout(left)
            stream.connect(address)
            _tune(stream)
            return stream
        except OSError as error:
            stream.close()
            failure = error
    raise failure


def _resolve(host: Host, family: int, timeout: float) -> list[_Address]:
    """The addresses of `host`; the resolver itself may wait much longer for a silent server."""
    try:
        return within(
            timeout,
            lambda: socket.getaddrinfo(host.hostname, host.port, family, socket.SOCK_STREAM),
        )
    except TimeoutError as error:
        raise TimeoutError(f"its name was not resolved within {timeout:g} s") from error


def _tune(stream: socket.socket) -> None:
    # Small frames go both ways in a dialogue: waiting to fill a packet would cost 40 ms each.
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            stream.setsockopt(socket.IPPROTO_TCP, option, value)


def _run_proxy(command: str) -> socket.socket:
    """A ProxyCommand's standard input and output as one socket.

    (paramiko's own ProxyCommand does not notice when the program ends.)
    """
    ours, theirs = socket.socketpair()
    errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the socket
    with theirs:
        process = subprocess.Popen(
            [os.environ.get("SHELL") or "/bin/sh", "-c", f"exec {command}"],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=errors,
            start_new_session=True,
        )
    return ProxySocket(ours, process, errors)


class ProxySocket(socket.socket):
    """A socket whose other end is a program, which ends with it."""

    def __init__(
        self, stream: socket.socket, process: subprocess.Popen[bytes], errors: IO[bytes]
    ) -> None:
        super().__init__(stream.family, stream.type, stream.proto, fileno=stream.detach())
        self._process = process
        self._errors = errors
        self._printed = b""

    def printed(self) -> str:
        """The end of what the program had written to standard error when this was closed."""
        lines = self._printed.decode(errors="replace").splitlines()
        return "; ".join(filter(None, map(str.strip, lines)))

    def close(self) -> None:
        super().close()
        end_group(self._process)
        if not self._errors.closed:
            size = os.fstat(self._errors.fileno()).st_size
            self._printed = os.pread(self._errors.fileno(), _SHOWN, max(0, size - _SHOWN))
            self._errors.close()
