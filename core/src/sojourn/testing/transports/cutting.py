"""Connections that end, clients that die, and machines that are not there."""

import os
import random
import signal
import threading
from collections.abc import Iterable, Iterator

from sojourn.errors import ConnectionLost, Unreachable
from sojourn.testing.transports.wrapping import PassedOn, WrappedTransport
from sojourn.transports.base import Channel, Transport


class CutTransport(WrappedTransport):
    """Cuts each channel after so many bytes in both directions together; the program there lives on.

    `points` has the bytes for one channel after another; when it is used up nothing is cut.
    """

    def __init__(self, inner: Transport, points: Iterable[int]) -> None:
        super().__init__(inner)
        self._points: Iterator[int] = iter(points)
        self._left_behind: list[Channel] = []

    @classmethod
    def seeded(
        cls, inner: Transport, seed: int, *, cuts: int = 1, within: int = 60_000
    ) -> "CutTransport":
        """`cuts` channels, each cut somewhere in its first `within` bytes."""
        chance = random.Random(seed)  # noqa: S311  nothing depends on it but a test's plan
        return cls(inner, [chance.randrange(within) for _ in range(cuts)])

    def _wrap(self, channel: Channel) -> Channel:
        point = next(self._points, None)
        return channel if point is None else CutChannel(channel, point, self._left_behind)

    def settle(self) -> None:
        """Wait for programs that were cut off to come to their own end."""
        while self._left_behind:
            channel = self._left_behind.pop()
            while channel.receive(65536):
                pass
            channel.wait()
            channel.close()

    def close(self) -> None:
        """Settle, and close."""
        self.settle()
        super().close()


class Budget(PassedOn):
    """A channel that passes on so many bytes, in both directions together."""

    def __init__(self, inner: Channel, budget: int) -> None:
        super().__init__(inner)
        self._budget = budget
        self._lock = threading.Lock()

    def _spend(self, size: int) -> int:
        with self._lock:
            allowed = min(size, self._budget)
            self._budget -= allowed
            return allowed


class CutChannel(Budget):
    """Nothing passes any more once the budget is spent; the program sees the end of its input."""

    def __init__(self, inner: Channel, budget: int, left_behind: list[Channel]) -> None:
        super().__init__(inner, budget)
        self._cut = False
        self._left_behind = left_behind

    def _lose(self) -> ConnectionLost:
        if not self._cut:
            self._cut = True
            self._inner.send_eof()
            self._left_behind.append(self._inner)
        return ConnectionLost("cut on purpose")

    def send(self, data: bytes) -> None:
        """Pass on what the budget allows."""
        if self._cut:
            raise self._lose()
        allowed = self._spend(len(data))
        if allowed:
            self._inner.send(data[:allowed])
        if allowed < len(data):
            raise self._lose()

    def send_eof(self) -> None:
        """See `Channel.send_eof`."""
        if not self._cut:
            self._inner.send_eof()

    def receive(self, size: int) -> bytes:
        """Pass on what the budget allows, or nothing of a piece that exceeds it."""
        if self._cut or self._budget == 0:
            raise self._lose()
        data = self._inner.receive(size)
        if self._spend(len(data)) < len(data):
            raise self._lose()
        return data

    def wait(self) -> int:
        """See `Channel.wait`."""
        if self._cut:
            raise self._lose()
        return self._inner.wait()

    def close(self) -> None:
        """Close, unless it was cut: then the program there goes on."""
        if not self._cut:
            self._inner.close()


class DyingTransport(WrappedTransport):
    """This process ends itself with SIGKILL after so many bytes on all its channels together."""

    def __init__(self, inner: Transport, after: int) -> None:
        super().__init__(inner)
        self._left = after
        self._lock = threading.Lock()

    def _wrap(self, channel: Channel) -> Channel:
        return _DyingChannel(channel, self)

    def spend(self, size: int) -> int:
        """How many of these bytes pass before the end."""
        with self._lock:
            allowed = min(size, self._left)
            self._left -= allowed
            return allowed


class _DyingChannel(PassedOn):
    def __init__(self, inner: Channel, transport: DyingTransport) -> None:
        super().__init__(inner)
        self._transport = transport

    def send(self, data: bytes) -> None:
        allowed = self._transport.spend(len(data))
        if allowed:
            self._inner.send(data[:allowed])
        if allowed < len(data):
            os.kill(os.getpid(), signal.SIGKILL)

    def receive(self, size: int) -> bytes:
        data = self._inner.receive(size)
        if self._transport.spend(len(data)) < len(data):
            os.kill(os.getpid(), signal.SIGKILL)
        return data


class Unreached:
    """A machine to which no connection can be made."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def open(self, command: str) -> Channel:
        """Never opens."""
        raise Unreachable(f"not reached on purpose ({len(command)} bytes were to run)")

    def close(self) -> None:
        """See `Transport.close`."""
        self._inner.close()
