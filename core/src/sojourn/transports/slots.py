"""At most so many channels a connection; a channel that the machine refuses waits."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sojourn.errors import ConnectionLost, SiteError

MAX_CHANNELS = 4

_FIRST_DELAY = 0.05
_LONGEST_DELAY = 2.0

Opened = TypeVar("Opened")


class ChannelRefused(Exception):
    """The machine will not open one more channel on this connection, for now."""


class Slots:
    """The channels of one connection.

    `patience` is how long, in seconds, refusals are borne while no channel of ours is open:
    the machine may still be putting away one that we have just closed.
    """

    def __init__(self, machine: str, *, limit: int = MAX_CHANNELS, patience: float = 10.0) -> None:
        self._machine = machine
        self._limit = limit
        self._patience = patience
        self._in_use = 0
        self._gone = False
        self._changed = threading.Condition()

    def open(self, attempt: Callable[[], Opened]) -> Opened:
        """Call `attempt` once a slot is free, and again as long as it raises `ChannelRefused`.

        The slot stays taken until `release` is called, unless this raises.

        Raises:
            ConnectionLost: the connection ended meanwhile.
            SiteError: refused again and again although no channel is open.
        """
        refused_since: float | None = None
        delay = _FIRST_DELAY
        while True:
            self._take()
            try:
                return attempt()
            except ChannelRefused as refusal:
                alone = self.release()
                now = time.monotonic()
                refused_since = now if refused_since is None or not alone else refused_since
                if now - refused_since > self._patience:
                    raise SiteError(
                        f"refuses to open a channel: {refusal}",
                        machine=self._machine,
                        hint="sshd there may have MaxSessions 0, or your account no shell.",
                    ) from refusal
            except BaseException:
                self.release()
                raise
            with self._changed:
                self._changed.wait(delay)
            delay = min(2 * delay, _LONGEST_DELAY)

    def _take(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._in_use < self._limit or self._gone)
            if self._gone:
                raise ConnectionLost("the connection ended", machine=self._machine)
            self._in_use += 1

    def release(self) -> bool:
        """Give a slot back; whether none is taken now."""
        with self._changed:
            self._in_use -= 1
            self._changed.notify_all()
            return self._in_use == 0

    def end(self) -> None:
        """The connection is gone: whoever waits for a slot gets `ConnectionLost`."""
        with self._changed:
            self._gone = True
            self._changed.notify_all()
