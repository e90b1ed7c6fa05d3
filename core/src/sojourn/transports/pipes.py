"""A channel over three pipes: what the transports `local` and `openssh` have in common."""

import contextlib
import fcntl
import os
import select
import threading
from typing import NamedTuple

from sojourn.errors import ConnectionLost
from sojourn.transports.tail import Tail

IDLE_TIMEOUT = 600.0
"""Seconds after which a program that neither reads nor writes is given up."""

_PIPE_SIZE = 1024 * 1024
_READ_SIZE = 64 * 1024


class Ends(NamedTuple):
    """File descriptors of standard input, output and error: one side of three pipes."""

    stdin: int
    stdout: int
    stderr: int

    def close(self) -> None:
        for descriptor in self:
            os.close(descriptor)


def make_pipes() -> tuple[Ends, Ends]:
    """Three pipes: our ends (not blocking) and the program's."""
    made: list[int] = []
    try:
        for _ in range(3):
            made += os.pipe()
    except OSError:
        for descriptor in made:
            os.close(descriptor)
        raise
    input_read, input_write, output_read, output_write, error_read, error_write = made
    for descriptor in (input_write, output_write):
        _enlarge(descriptor)
    for descriptor in (input_write, output_read, error_read):
        os.set_blocking(descriptor, False)
    return (
        Ends(input_write, output_read, error_read),
        Ends(input_read, output_write, error_write),
    )


def _enlarge(pipe: int) -> None:
    # Fewer wake-ups in a big transfer; only Linux has it, and it may refuse.
    command = getattr(fcntl, "F_SETPIPE_SZ", None)
    if command is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, command, _PIPE_SIZE)


class PipeChannel:
    """The streams of a `Channel` over our ends of three pipes.

    A subclass implements `wait` and `_end_program`, and may refuse an end of the output that
    is no orderly one in `_check_end`.
    """

    def __init__(self, ends: Ends, *, machine: str, idle_timeout: float = IDLE_TIMEOUT) -> None:
        self._ends = ends
        self._machine = machine
        self._idle_timeout = idle_timeout
        self._tail = Tail()
        self._closed = threading.Event()
        self._closing = threading.Lock()
        self._begun_to_close = False
        # Written once, by close: wakes everyone who waits for a pipe.
        try:
            self._wake_read, self._wake_write = os.pipe()
        except OSError:
            ends.close()
            raise
        # Held while a descriptor is in use, so that close does not pull it away.
        self._sending = threading.Lock()
        self._receiving = threading.Lock()
        self._input_open = True
        self._drain = threading.Thread(target=self._keep_stderr, daemon=True)
        self._drain.start()

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        with self._sending:
            while view:
                self._refuse_closed()
                if not self._input_open:
                    raise ConnectionLost("the input was closed here", machine=self._machine)
                try:
                    view = view[os.write(self._ends.stdin, view) :]
                except BlockingIOError:
                    self._wait_for(self._ends.stdin, select.POLLOUT)
                except BrokenPipeError as error:
                    raise ConnectionLost(
                        "the program no longer reads its input", machine=self._machine
                    ) from error

    def send_eof(self) -> None:
        with self._sending:
            self._refuse_closed()
            self._close_input()

    def receive(self, size: int) -> bytes:
        with self._receiving:
            while True:
                self._refuse_closed()
                try:
                    data = os.read(self._ends.stdout, size)
                except BlockingIOError:
                    self._wait_for(self._ends.stdout, select.POLLIN)
                    continue
                if not data:
                    self._check_end()
                return data

    def stderr_tail(self) -> bytes:
        return self._tail.bytes()

    def wait(self) -> int:
        raise NotImplementedError

    def close(self) -> None:
        with self._closing:
            if self._begun_to_close:
                return
            self._begun_to_close = True
        self._before_close()
        self._closed.set()
        os.write(self._wake_write, b"x")
        with self._sending:
            self._close_input()
        self._end_program()
        self._drain.join()
        with self._receiving:
            os.close(self._ends.stdout)
        os.close(self._ends.stderr)
        os.close(self._wake_read)
        os.close(self._wake_write)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def _before_close(self) -> None:
        """Called first by `close`, while standard error is still read."""

    def _end_program(self) -> None:
        """End the program if it still runs; its input is closed already."""
        raise NotImplementedError

    def _check_end(self) -> None:
        """Raise `ConnectionLost` if the output has ended without the program's doing."""

    def _joined_stderr(self, timeout: float) -> None:
        """Wait until standard error has been read to its end, at most `timeout` seconds."""
        self._drain.join(timeout)

    def _close_input(self) -> None:
        if self._input_open:
            self._input_open = False
            os.close(self._ends.stdin)

    def _refuse_closed(self) -> None:
        if self._closed.is_set():
            raise ConnectionLost("the channel was closed here", machine=self._machine)

    def _no_end(self) -> ConnectionLost:
        return ConnectionLost(
            f"the program did not end within {self._idle_timeout:g} s", machine=self._machine
        )

    def _wait_for(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        poll.register(self._wake_read, select.POLLIN)
        if not poll.poll(self._idle_timeout * 1000):
            raise ConnectionLost(
                f"nothing moved for {self._idle_timeout:g} s", machine=self._machine
            )

    def _keep_stderr(self) -> None:
        try:
            self._read_stderr()
        finally:
            self._stderr_end()

    def _read_stderr(self) -> None:
        poll = select.poll()
        poll.register(self._ends.stderr, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        while True:
            poll.poll()
            last = self._closed.is_set()
            with contextlib.suppress(BlockingIOError):
                data = os.read(self._ends.stderr, _READ_SIZE)
                if not data:
                    return
                self._stderr(data)
            if last:
                return

    def _stderr(self, data: bytes) -> None:
        self._tail.add(data)

    def _stderr_end(self) -> None:
        """Called when there will be no more of it."""
