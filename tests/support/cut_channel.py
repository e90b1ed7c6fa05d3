"""A transport that is cut on a seeded plan, as a network would: the program there lives on."""

import random
import threading

from sojourn.errors import ConnectionLost
from sojourn.transports.base import Channel
from sojourn.transports.local import LocalTransport


class CutTransport:
    """Cuts each channel after so many bytes in either direction, until `cuts` are used up."""

    def __init__(self, seed: int, *, cuts: int = 1, within: int = 60_000) -> None:
        self._inner = LocalTransport()
        self._random = random.Random(seed)
        self._within = within
        self._cuts = cuts
        self._left_behind: list[Channel] = []

    def open(self, command: str) -> Channel:
        channel = self._inner.open(command)
        if self._cuts <= 0:
            return channel
        self._cuts -= 1
        return CutChannel(channel, self._random.randrange(self._within), self._left_behind)

    def close(self) -> None:
        """Wait for programs that were cut off, so that none is left behind."""
        for channel in self._left_behind:
            while channel.receive(65536):
                pass
            channel.wait()
        self._inner.close()


class CutChannel:
    """Passes on `budget` bytes, in both directions together, then nothing any more."""

    def __init__(self, inner: Channel, budget: int, left_behind: list[Channel]) -> None:
        self._inner = inner
        self._budget = budget
        self._lock = threading.Lock()
        self._cut = False
        self._left_behind = left_behind

    def _spend(self, size: int) -> int:
        with self._lock:
            allowed = min(size, self._budget)
            self._budget -= allowed
            return allowed

    def _lose(self) -> ConnectionLost:
        if not self._cut:
            self._cut = True
            self._inner.send_eof()
            self._left_behind.append(self._inner)
        return ConnectionLost("cut on purpose")

    def send(self, data: bytes) -> None:
        if self._cut:
            raise self._lose()
        allowed = self._spend(len(data))
        if allowed:
            self._inner.send(data[:allowed])
        if allowed < len(data):
            raise self._lose()

    def send_eof(self) -> None:
        if not self._cut:
            self._inner.send_eof()

    def receive(self, size: int) -> bytes:
        if self._cut or self._budget == 0:
            raise self._lose()
        data = self._inner.receive(size)
        allowed = self._spend(len(data))
        if allowed < len(data):
            raise self._lose()
        return data

    def stderr_tail(self) -> bytes:
        return self._inner.stderr_tail()

    def wait(self) -> int:
        if self._cut:
            raise self._lose()
        return self._inner.wait()

    def close(self) -> None:
        if not self._cut:
            self._inner.close()
