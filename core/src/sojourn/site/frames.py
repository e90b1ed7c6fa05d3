"""Frames: what a machine answers in, and how they are read from a channel."""

from dataclasses import dataclass, field

from sojourn.errors import ConnectionLost
from sojourn.transports.base import Channel

NOISE_LIMIT = 1 << 20
"""Bytes of banners and start-up noise that are passed over."""


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
        self._buffer = bytearray()

    def some(self, size: int) -> bytes:
        """Between 1 and `size` bytes."""
        if not self._buffer:
            data = self._channel.receive(max(size, 65536))
            if not data:
                raise ConnectionLost("the connection ended in mid-answer", machine=self._machine)
            if len(data) <= size:
                return data
            self._buffer += data
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def put_back(self, data: bytes) -> None:
        """Have these bytes read again."""
        self._buffer[:0] = data

    def exactly(self, size: int) -> bytes:
        """Just `size` bytes."""
        parts = []
        while size:
            parts.append(self.some(size))
            size -= len(parts[-1])
        return b"".join(parts)

    def read(self, size: int) -> bytes:
        """As `exactly`, under the name that file objects have."""
        return self.exactly(size)

    def line(self) -> bytes:
        """A line without its newline."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > NOISE_LIMIT:
                del self._buffer[:-1024]
            data = self._channel.receive(65536)
            if not data:
                raise ConnectionLost("the connection ended in mid-answer", machine=self._machine)
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line
