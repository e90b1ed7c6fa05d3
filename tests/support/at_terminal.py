"""A Python program that runs at a terminal of its own, with a person at it: the test."""

import os
import pty
import re
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.processes import end


class AtTerminal:
    """What the test sees of the program, and its keyboard."""

    def __init__(self, pid: int, terminal: int) -> None:
        self._pid = pid
        self._terminal = terminal
        self._status: int | None = None
        self._read_to = 0
        self.seen = ""
        """All that was printed so far."""

    def expect(self, pattern: str, timeout: float = 20.0) -> None:
        """Wait until `pattern` was printed after what was waited for before.

        Raises:
            AssertionError: it was not, in time.
        """
        start = self._read_to
        deadline = time.monotonic() + timeout
        while True:
            match = re.search(pattern, self.seen[start:])
            if match is not None:
                self._read_to = start + match.end()
                return
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{pattern!r} was not printed; but: {self.seen!r}")

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._terminal, line.encode() + b"\n")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._terminal, b"\x03")

    def wait(self, timeout: float = 20.0) -> int:
        """Read to the end, and return the exit status."""
        deadline = time.monotonic() + timeout
        while self._read(deadline - time.monotonic()):
            pass
        if self._status is None:
            _, status = os.waitpid(self._pid, 0)
            self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def close(self) -> None:
        """End the program if it still runs."""
        if self._status is None:
            end(self._pid)
        os.close(self._terminal)

    def _read(self, timeout: float) -> bool:
        """Take what is printed next; False at the end, or after `timeout` seconds."""
        ready, _, _ = select.select([self._terminal], [], [], max(timeout, 0))
        if not ready:
            return False
        data = b""
        with suppress(OSError):  # how Linux tells that the other side is closed
            data = os.read(self._terminal, 4096)
        self.seen += data.decode(errors="replace")
        return bool(data)


@contextmanager
def at_terminal(program: str) -> Iterator[AtTerminal]:
    """Run this Python source at a new terminal, in its foreground."""
    command = [sys.executable, "-c", program]
    # pty.fork would fork a process with threads; posix_spawn does not, but cannot make the
    # terminal the controlling one, so a small program does it first.
    master, slave = pty.openpty()
    os.set_inheritable(slave, True)
    start = (
        "import fcntl,os,sys,termios;"
        "fcntl.ioctl(0,termios.TIOCSCTTY,0);"
        "os.execv(sys.argv[1],sys.argv[1:])"
    )
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", start, *command],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, slave, number) for number in range(3)],
        setsid=True,
    )
    os.close(slave)
    person = AtTerminal(pid, master)
    try:
        yield person
    finally:
        person.close()
