"""Bytes that nobody asked for, and bytes that take their time."""

import random
import time

from sojourn.testing.transports.wrapping import PassedOn, WrappedTransport
from sojourn.transports.base import Channel, Transport

BANNERS = (
    b"Welcome to the machine\nLast login: never\n",
    b"*** maintenance on Monday ***",  # without a newline: sticks to the first line
    b"\x1b]0;login\x07\x1b[1mhello\x1b[0m\r\n" * 3,
    b"@0123456789abcdef hello 0 5\nhello",  # looks like an answer of another time
    bytes(range(256)) + b"\n",
    b"motd " * 20_000 + b"\n",
)
"""What login shells print before anything else."""


class NoisyTransport(WrappedTransport):
    """Each channel begins with `banner` and ends with `farewell`."""

    def __init__(
        self, inner: Transport, banner: bytes = BANNERS[0], farewell: bytes = b"logout\n"
    ) -> None:
        super().__init__(inner)
        self._words = (banner, farewell)

    def _wrap(self, channel: Channel) -> Channel:
        return _NoisyChannel(channel, *self._words)


class _NoisyChannel(PassedOn):
    def __init__(self, inner: Channel, banner: bytes, farewell: bytes) -> None:
        super().__init__(inner)
        self._before, self._after = banner, farewell

    def receive(self, size: int) -> bytes:
        if self._before:
            data, self._before = self._before[:size], self._before[size:]
            return data
        data = self._inner.receive(size)
        if not data and self._after:
            data, self._after = self._after[:size], self._after[size:]
        return data


class GarbledTransport(WrappedTransport):
    """What each channel delivers is random from the byte `after` on, and soon ends.

    What is sent is not touched, so that programs do nothing but what they are meant to do.
    """

    def __init__(self, inner: Transport, after: int, seed: int = 0) -> None:
        super().__init__(inner)
        self._after, self._seed = after, seed

    def _wrap(self, channel: Channel) -> Channel:
        return _GarbledChannel(channel, self._after, self._seed)


class _GarbledChannel(PassedOn):
    def __init__(self, inner: Channel, after: int, seed: int) -> None:
        super().__init__(inner)
        self._left = after
        self._over = False
        self._chance = random.Random(seed)  # noqa: S311  nothing depends on it but a test's plan

    def receive(self, size: int) -> bytes:
        if self._over:
            return b""
        data = self._inner.receive(size)
        if len(data) <= self._left:
            self._left -= len(data)
            return data
        self._over = True
        return data[: self._left] + self._chance.randbytes(size - self._left)


class SlowTransport(WrappedTransport):
    """Delivers at most `piece` bytes at a time and pauses `seconds` after each, `pauses` times."""

    def __init__(
        self, inner: Transport, *, piece: int = 7, seconds: float = 0.002, pauses: int = 50
    ) -> None:
        super().__init__(inner)
        self._pace = (piece, seconds, pauses)

    def _wrap(self, channel: Channel) -> Channel:
        return _SlowChannel(channel, *self._pace)


class _SlowChannel(PassedOn):
    def __init__(self, inner: Channel, piece: int, seconds: float, pauses: int) -> None:
        super().__init__(inner)
        self._piece, self._seconds, self._pauses = piece, seconds, pauses

    def receive(self, size: int) -> bytes:
        if self._pauses:
            self._pauses -= 1
            time.sleep(self._seconds)
        return self._inner.receive(min(size, self._piece))
