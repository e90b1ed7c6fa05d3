"""Frames: what a machine answers in, and how they are read from a channel."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sojourn.errors import ConnectionLost
from sojourn.transports.base import Channel

NOISE_LIMIT = 1 << 20
"""Bytes of banners and start-up noise that are passed over."""

_PIECE = 1 << 20


class TooMuchNoise(Exception):
    """`NOISE_LIMIT` bytes have come, and none of them is ours."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One framed answer: its kind, a status and its bytes."""

    kind: str
    status: int
    data: bytes

    @property
    def text(self) -> str:
        """The bytes as text; what is not UTF-8 is replaced."""
        return self.data.decode("utf-8", "replace")


@dataclass(slots=True)
class Reply:
    """All frames of one chunk, and the status with which it ended."""

    status: int = 0
    frames: list[Frame] = field(default_factory=list)

    def get(self, kind: str) -> Frame | None:
        """The first frame of a kind, or None."""
        return next((frame for frame in self.frames if frame.kind == kind), None)

    def lines(self, kind: str) -> list[str]:
        """The lines of the first frame of a kind."""
        frame = self.get(kind)
        return frame.text.splitlines() if frame is not None else []


class Reader:
    """Buffered exact reading from a channel. A short end is a lost connection."""

    def __init__(self, channel: Channel, machine: str) -> None:
        self._channel = channel
        self._machine = machine
        self._buffer = b""
        self._at = 0

    def some(self, size: int) -> bytes:
        """Between 1 and `size` bytes."""
        if self._at == len(self._buffer):
            self._fill(size)
        at = self._at
        self._at = min(at + size, len(self._buffer))
        return self._buffer[at : self._at]

    def exactly(self, size: int) -> bytes:
        """Just `size` bytes."""
        end = self._at + size
        if end <= len(self._buffer):
            data = self._buffer[self._at : end]
            self._at = end
            return data
        parts = []
        while size:
            parts.append(self.some(size))
            size -= len(parts[-1])
        return b"".join(parts)

    def pieces(self, size: int) -> Iterator[bytes]:
        """Just `size` bytes, as they come."""
        while size:
            piece = self.some(min(size, _PIECE))
            size -= len(piece)
            yield piece

    def past(self, mark: bytes, noise: bytearray) -> None:
        """Read past `mark`, wherever in a line it is; what comes before it is added to `noise`.

        Raises:
            TooMuchNoise: it has not come.
        """
        while True:
            seen = max(len(noise) - len(mark) + 1, 0)
            noise += self.some(_PIECE)
            found = noise.find(mark, seen)
            if found >= 0:
                self._at -= len(noise) - found - len(mark)
                del noise[found:]
                return
            if len(noise) > NOISE_LIMIT:
                raise TooMuchNoise

    def skip_zeros(self) -> None:
        """Pass over zero bytes, of which there is an end."""
        while True:
            left = self._buffer[self._at :].lstrip(b"\0")
            if left:
                self._buffer, self._at = left, 0
                return
            self._fill(1)

    def _fill(self, size: int) -> None:
        self._buffer = self._channel.receive(max(min(size, _PIECE), 65536))
        self._at = 0
        if not self._buffer:
            raise ConnectionLost("the connection ended in mid-answer", machine=self._machine)

    def line(self) -> bytes:
        """A line without its newline; of one that is too long to be ours, what comes last."""
        parts: list[bytes] = []
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            parts.append(self._buffer[self._at :])
            if sum(map(len, parts)) > NOISE_LIMIT:
                parts = [b"".join(parts)[-1024:]]
            self._fill(1)
        parts.append(self._buffer[self._at : end])
        self._at = end + 1
        return b"".join(parts)
