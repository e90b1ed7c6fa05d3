"""A program on a machine, over a channel of a paramiko connection."""

import contextlib
import threading

import paramiko

from sojourn.errors import ConnectionLost
from sojourn.transports.connection import KEEPALIVE, Connection
from sojourn.transports.limits import limited
from sojourn.transports.marking import Mark, insist
from sojourn.transports.tail import Tail
from sojourn.transports.translate import FOREIGN, while_running
from sojourn.transports.wire import WINDOW

_KILL_TIMEOUT = 5.0
_CLOSED_HERE = "the channel was closed here"


class SshChannel:
    """A program on the machine."""

    def __init__(
        self,
        channel: paramiko.Channel,
        connection: Connection,
        *,
        mark: Mark,
        machine: str,
        idle_timeout: float,
    ) -> None:
        self._mark = mark
        self._channel = channel
        self._connection = connection
        self._wire = connection.wire
        self._machine = machine
        self._idle_timeout = idle_timeout
        self._left = memoryview(b"")
        self._tail = Tail()
        self._closing = threading.Lock()
        self._closed = False
        channel.settimeout(idle_timeout)
        self._drain = threading.Thread(target=self._keep_stderr, daemon=True)
        self._drain.start()

    def send(self, data: bytes) -> None:
        view, packets = memoryview(data), self._wire.packets
        try:
            with packets.together():
                while view:
                    if not self._channel.send_ready():
                        packets.flush()  # what is kept may be what the machine waits for
                    sent = self._channel.send(view)  # type: ignore[arg-type]
                    if sent == 0:
                        raise EOFError("the program no longer reads its input")
                    view = view[sent:]
        except TimeoutError as error:
            raise self._lost(f"nothing was taken for {self._idle_timeout:g} s") from error
        except FOREIGN as error:
            raise self._ended(error) from error

    def send_eof(self) -> None:
        try:
            self._channel.shutdown_write()
        except FOREIGN as error:
            raise self._ended(error) from error

    def receive(self, size: int) -> bytes:
        if not self._left:
            # All that is there at once: taking little from paramiko's buffer moves the rest.
            try:
                self._left = memoryview(self._channel.recv(WINDOW))
            except TimeoutError as error:
                raise self._lost(f"nothing came for {self._idle_timeout:g} s") from error
            except FOREIGN as error:
                raise self._ended(error) from error
            if not self._left and not self._orderly():
                raise self._ended(EOFError("in the middle of the output"))
        piece, self._left = bytes(self._left[:size]), self._left[size:]
        return piece

    def stderr_tail(self) -> bytes:
        return self._tail.bytes()

    def wait(self) -> int:
        if not self._channel.status_event.wait(self._idle_timeout):
            raise self._lost(f"the program did not end within {self._idle_timeout:g} s")
        # Standard error is complete when the server has closed the channel.
        self._drain.join(0.5)
        if self._channel.exit_status >= 0:
            return self._channel.exit_status
        number = self._wire.exit_signals.get(self._channel.chanid)
        if number is None:
            raise self._ended(EOFError("before the program's exit status"))
        return -number

    def close(self) -> None:
        with self._closing:
            if self._closed:
                return
            self._closed = True
        # Its group must be known before its channel, on which it is told, is closed.
        known = not self._channel.exit_status_ready() and self._mark.wait()
        known = known and self._wire.silent_for() < KEEPALIVE
        with contextlib.suppress(*FOREIGN):
            self._channel.close()
        if known:
            insist(self._end_group)
        self._drain.join()
        self._wire.exit_signals.pop(self._channel.chanid, None)
        self._wire.closed_by_server.discard(self._channel.chanid)
        self._connection.slots.release()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def _orderly(self) -> bool:
        """Whether the output ended because the server said so."""
        return bool(
            self._channel.eof_received or self._channel.chanid in self._wire.closed_by_server
        )

    def _keep_stderr(self) -> None:
        while True:
            try:
                data = self._channel.recv_stderr(WINDOW)
            except TimeoutError:
                continue
            except FOREIGN:
                data = b""
            if not data:
                self._tail.add(self._mark.rest())
                return
            self._tail.add(self._mark.strip(data))

    def _end_group(self) -> bool:
        """End the program's process group through a channel of its own; False: try again."""
        try:
            channel = self._wire.open_session(timeout=_KILL_TIMEOUT)
            with limited(_KILL_TIMEOUT, channel.close):
                channel.exec_command(self._mark.end_command)
                channel.shutdown_write()  # for a start-up file that reads
                channel.status_event.wait()
            channel.close()
        except FOREIGN:
            return not self._connection.alive
        return True

    def _ended(self, error: Exception) -> ConnectionLost:
        if self._closed:
            return self._lost(_CLOSED_HERE)
        return while_running(error, machine=self._machine)

    def _lost(self, message: str) -> ConnectionLost:
        return ConnectionLost(message, machine=self._machine)
