"""Learning a program's process group on the machine, so that it can be ended there.

SSH has a request for that, but sshd honours it only for some users and since some releases; a
closed channel alone ends no program that neither reads nor writes.
"""

import re
import secrets
import threading
import time
from collections.abc import Callable

_LIMIT = 256 * 1024
"""Bytes of start-up noise on standard error among which the mark is looked for."""
_PATIENCE = 5.0
_PAUSE = 0.1
_MOMENT = 2.0


class Mark:
    """One program's mark: a line of standard error that is taken out again."""

    def __init__(self) -> None:
        self._word = f"sojourn-{secrets.token_hex(8)}"
        self._line = re.compile(rf"{self._word} (\d+)\r?\n".encode())
        self._seen = b""
        self._open = True
        self._settled = threading.Event()
        self.group = 0
        """The process group, once it is known."""

    def command(self, command: str) -> str:
        """`command`, which first tells its process group.

        The parent of that `sh` is the login shell, which leads the group; `;` and single quotes
        mean the same to every shell.
        """
        return f"sh -c 'echo {self._word} $PPID >&2'; {command}"

    def strip(self, data: bytes) -> bytes:
        """The part of standard error that is the program's; holds back what may be the mark."""
        if not self._open:
            return data
        self._seen += data
        match = self._line.search(self._seen)
        if match is None and len(self._seen) < _LIMIT:
            return b""
        if match is not None:
            self.group = int(match[1])
            self._seen = self._seen[: match.start()] + self._seen[match.end() :]
        return self.rest()

    def rest(self) -> bytes:
        """What was held back, at the end."""
        self._open = False
        self._settled.set()
        seen, self._seen = self._seen, b""
        return seen

    def wait(self) -> bool:
        """Wait a moment for the mark of a program that has just begun; whether it is known."""
        self._settled.wait(_MOMENT)
        return self.group > 0

    @property
    def end_command(self) -> str:
        """A command that ends the process group."""
        return f"exec sh -c 'kill -TERM -{self.group}'"


def insist(attempt: Callable[[], bool]) -> None:
    """Repeat `attempt` until it succeeds, for a few seconds.

    The machine may refuse a channel for as long as it has not put the closed one away.
    """
    deadline = time.monotonic() + _PATIENCE
    while not attempt() and time.monotonic() < deadline:
        time.sleep(_PAUSE)
