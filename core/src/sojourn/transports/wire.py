"""paramiko's transport with what it leaves out: signals, farewells, fast ciphers, a pulse.

Everything here that touches a private name of paramiko's is here for lack of a public one, and
is covered by a test against a real sshd.
"""

import logging
import os
import socket
import threading
import time
from typing import Any, ClassVar

import paramiko
from paramiko.common import MSG_CHANNEL_CLOSE, MSG_CHANNEL_REQUEST

from sojourn.forks import forget_in_child
from sojourn.transports import signals
from sojourn.transports.packets import Packets

WINDOW = 8 * 1024 * 1024
"""Bytes that may be under way to us unread, a channel."""
PACKET = 256 * 1024
"""Largest packet that we accept; sshd sends less."""

_REFUSALS = (13, 14, 15)
"""RFC 4253: cancelled by the user, no more methods, illegal user name."""
_FAST_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
"""A third faster than AES-CTR with its separate MAC; paramiko has them since 3.5."""

# What goes wrong is raised; without this, Python's handler of last resort would print it too.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Pulse:
    """A socket that remembers when something last came in, and takes all that has come at once:
    paramiko asks for each packet twice."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self.send = sock.send
        self.last_heard = time.monotonic()
        self._come = memoryview(b"")

    def recv(self, size: int) -> bytes:
        if not self._come:
            data: bytes = self._sock.recv(max(size, PACKET))
            self.last_heard = time.monotonic()
            if len(data) <= size:
                return data
            self._come = memoryview(data)
        piece, self._come = bytes(self._come[:size]), self._come[size:]
        return piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class Wire(paramiko.Transport):
    """One encrypted connection to one ssh server."""

    def __init__(self, sock: socket.socket | paramiko.Channel) -> None:
        self.pulse = Pulse(sock)
        super().__init__(
            self.pulse,  # type: ignore[arg-type]
            default_window_size=WINDOW,
            default_max_packet_size=PACKET,
            packetizer_class=Packets,
        )
        security = self.get_security_options()
        known = [name for name in security.ciphers if "cbc" not in name]
        security.ciphers = tuple(sorted(known, key=lambda name: name not in _FAST_CIPHERS))
        self.goodbye = ""
        """Why the server ended the connection, if it said so."""
        self._reason = 0
        self.exit_signals: dict[int, int] = {}
        """Channel -> the signal that ended its program."""
        self.closed_by_server: set[int] = set()
        """Channels that ended in an orderly way."""
        if isinstance(sock, socket.socket):
            forget_in_child(self)

    def forget_inherited(self) -> None:
        """Whatever still happens to a channel in a child goes nowhere, where it would break the
        parent's encryption; and the connection ends with the parent."""
        nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        if self.pulse.fileno() >= 0:
            os.dup2(nowhere, self.pulse.fileno(), inheritable=False)
        os.close(nowhere)
        self.active = False

    def prefer_host_keys(self, kinds: list[str]) -> None:
        """Ask the server first for a host key of one of these kinds: those that are known."""
        security = self.get_security_options()
        wanted = [name for kind in kinds for name in _SIGNATURES.get(kind, (kind,))]
        offered = list(security.key_types)
        preferred = [name for name in wanted if name in offered]
        security.key_types = (*preferred, *(name for name in offered if name not in preferred))

    @property
    def packets(self) -> Packets:
        """What the connection writes."""
        assert isinstance(self.packetizer, Packets)
        return self.packetizer

    def silent_for(self) -> float:
        """Seconds since the server was last heard."""
        return time.monotonic() - self.pulse.last_heard

    def _parse_disconnect(self, message: paramiko.Message) -> None:
        self._reason = message.get_int()
        self.goodbye = message.get_text()

    @property
    def refused(self) -> bool:
        """Whether the server ended the connection because of who wants to log in."""
        return self._reason in _REFUSALS or "authentication failures" in self.goodbye

    def _request(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        start = message.packet.tell()
        if message.get_text() == "exit-signal":
            message.get_boolean()
            self.exit_signals[channel.chanid] = signals.number(message.get_text())
            return
        message.packet.seek(start)
        channel._handle_request(message)  # type: ignore[attr-defined]

    def _close(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        self.closed_by_server.add(channel.chanid)
        channel._handle_close(message)  # type: ignore[attr-defined]

    _channel_handler_table: ClassVar[dict[int, Any]] = {
        **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]
        MSG_CHANNEL_REQUEST: lambda channel, message: channel.transport._request(channel, message),
        MSG_CHANNEL_CLOSE: lambda channel, message: channel.transport._close(channel, message),
    }


_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


class Watch(threading.Thread):
    """Notices a connection that is dead although nobody said so, and closes it.

    After `interval` seconds of silence the server is asked for a sign of life; after three of
    them without one the connection is closed, which wakes everyone who waits on it.
    """

    def __init__(self, wire: Wire, interval: float) -> None:
        super().__init__(daemon=True, name="sojourn-watch")
        self._wire = wire
        self._interval = interval
        self._stopped = threading.Event()

    def run(self) -> None:
        question: threading.Thread | None = None
        while not self._stopped.wait(self._interval / 3):
            silence = self._wire.silent_for()
            if not self._wire.is_active():
                return
            if silence > 3 * self._interval:
                self._wire.close()
                return
            if silence > self._interval and (question is None or not question.is_alive()):
                question = threading.Thread(target=self._ask, daemon=True)
                question.start()

    def stop(self) -> None:
        """End the thread soon."""
        self._stopped.set()

    def _ask(self) -> None:
        try:
            self._wire.global_request("keepalive@openssh.com", wait=True)
        except (paramiko.SSHException, EOFError, OSError):
            return
