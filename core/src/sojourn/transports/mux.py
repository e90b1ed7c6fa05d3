"""The ssh program's multiplexing protocol: sessions on a master connection that already stands.

Spoken straight to the master's socket, as OpenSSH's PROTOCOL.mux describes it: the answers say
what happened (refused, begun, ended with which status), where an ssh program in between would
only end with 255; and a session costs no process here.
"""

import contextlib
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sojourn.transports.pipes import Ends

_VERSION = 4
_HELLO = 0x00000001
_NEW_SESSION = 0x10000002
_ALIVE_CHECK = 0x10000004
_TERMINATE = 0x10000005
_FAILURES = (0x80000002, 0x80000003)
_EXIT_MESSAGE = 0x80000004
_ALIVE = 0x80000005
_SESSION_OPENED = 0x80000006

_NO_ESCAPE = 0xFFFFFFFF
_LONGEST_PACKET = 256 * 1024
_ANSWER_TIMEOUT = 5.0
"""Seconds in which a master that lives answers."""
_REQUEST = 1


class MasterGone(Exception):
    """No master answers at that socket."""


class Interrupted(Exception):
    """The master did not say whether the session began."""


class Refused(Exception):
    """The master, or the machine behind it, refuses the session."""


class Session:
    """One command on the machine; its streams are pipes that the master reads and writes."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._reading = threading.Lock()
        self._over = False
        self._status: int | None = None

    def finish(self, timeout: float) -> int | None:
        """Wait for the end; the exit status, or None if there was none.

        Raises:
            TimeoutError: it has not come within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._reading:
            while not self._over:
                if not self._readable(max(deadline - time.monotonic(), 0.0)):
                    raise TimeoutError
                self._take()
            return self._status

    def ended(self) -> bool:
        """Whether the program has ended, as far as the master has told."""
        if self._reading.acquire(blocking=False):
            try:
                while not self._over and self._readable(0.0):
                    self._take()
            finally:
                self._reading.release()
        return self._over or self._status is not None

    def close(self) -> None:
        """End the session; wakes whoever waits in `finish`."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        with self._reading:
            self._over = True
            self._control.close()

    def _readable(self, timeout: float) -> bool:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        return bool(poll.poll(timeout * 1000))

    def _take(self) -> None:
        try:
            kind, body = _receive(self._control)
        except MasterGone:
            self._over = True
            return
        if kind == _EXIT_MESSAGE and len(body) == 8:
            (self._status,) = struct.unpack_from(">I", body, 4)


def open_session(path: Path, command: str, streams: Ends, *, timeout: float) -> Session:
    """Start `command` with those streams (the caller closes its copies).

    Raises:
        MasterGone: no master there; nothing has begun.
        Interrupted: the master ended, or was silent for `timeout` seconds.
        Refused: no session.
    """
    control = _connect(path)
    try:
        control.settimeout(timeout)
        request = struct.pack(">II", _NEW_SESSION, _REQUEST)
        request += _string(b"")
        # No terminal, no X11, no agent, no subsystem.
        request += struct.pack(">IIIII", 0, 0, 0, 0, _NO_ESCAPE)
        request += _string(b"") + _string(os.fsencode(command))
        _send(control, request)
        for descriptor in streams:
            socket.send_fds(control, [b"\0"], [descriptor])
        kind, body = _receive(control)
        if kind != _SESSION_OPENED:
            raise Refused(_reason(kind, body))
        control.settimeout(None)
    except (OSError, MasterGone) as error:
        control.close()
        raise Interrupted(str(error)) from error
    except BaseException:
        control.close()
        raise
    return Session(control)


def master_pid(path: Path) -> int | None:
    """The process that answers at the socket; None if none does."""
    try:
        with _connection(path) as control:
            _send(control, struct.pack(">II", _ALIVE_CHECK, _REQUEST))
            kind, body = _receive(control)
    except (MasterGone, OSError):
        return None
    return struct.unpack_from(">I", body, 4)[0] if kind == _ALIVE and len(body) >= 8 else None


def terminate(path: Path) -> bool:
    """Ask the master to end its connection, and wait for it; whether there was one.

    Raises:
        Refused: it will not.
    """
    asked = False
    try:
        with _connection(path) as control:
            _send(control, struct.pack(">II", _TERMINATE, _REQUEST))
            asked = True
            while True:  # until it hangs up, mostly without another word
                kind, body = _receive(control)
                if kind in _FAILURES:
                    raise Refused(_reason(kind, body))
    except (MasterGone, OSError):
        return asked


@contextlib.contextmanager
def _connection(path: Path) -> Iterator[socket.socket]:
    with contextlib.closing(_connect(path)) as control:
        yield control


def _connect(path: Path) -> socket.socket:
    control = socket.socket(socket.AF_UNIX)
    try:
        control.settimeout(_ANSWER_TIMEOUT)
        control.connect(str(path))
        _send(control, struct.pack(">II", _HELLO, _VERSION))
        kind, body = _receive(control)
        if kind != _HELLO or struct.unpack_from(">I", body)[0] != _VERSION:
            raise MasterGone(f"{path} speaks another protocol")
    except (OSError, struct.error) as error:
        control.close()
        raise MasterGone(str(error)) from error
    except BaseException:
        control.close()
        raise
    return control


def _send(control: socket.socket, body: bytes) -> None:
    control.sendall(_string(body))


def _receive(control: socket.socket) -> tuple[int, bytes]:
    (size,) = struct.unpack(">I", _exactly(control, 4))
    if not 4 <= size <= _LONGEST_PACKET:
        raise MasterGone("an answer of impossible length")
    packet = _exactly(control, size)
    return struct.unpack_from(">I", packet)[0], packet[4:]


def _exactly(control: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        try:
            piece = control.recv(size - len(data))
        except OSError as error:
            raise MasterGone(str(error)) from error
        if not piece:
            raise MasterGone("the master ended the conversation")
        data += piece
    return data


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _reason(kind: int, body: bytes) -> str:
    if kind in _FAILURES and len(body) >= 8:
        return body[8:].decode(errors="replace")
    return f"unexpected answer {kind:#x}"
