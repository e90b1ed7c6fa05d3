"""Frames: what a machine answers in, and how they are read from a channel."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sojourn.errors import BadAnswer, ConnectionLost
from sojourn.transports.base import Channel
from sojourn.values.outside import whole

NOISE_LIMIT = 1 << 20
"""Bytes of banners and start-up noise that are passed over."""

_PIECE = 1 << 20
_LONGEST_LINE = 4096
"""Bytes of a line that can be the head of a frame."""
_MOST_PADDING = 16 << 20
"""Bytes of zeros that can follow an archive."""
_SHOWN = 80

_SMALL, _LISTING = 1 << 16, 64 << 20
_LARGEST: Mapping[str, int] = {
    **dict.fromkeys(("begun", "done", "tar", "tarend"), 0),
    **dict.fromkeys(("hello", "fail", "absent", "from", "digest", "stored", "damaged"), _SMALL),
    **dict.fromkeys(("room", "written", "tools"), _SMALL),
    "log": 4 << 20,
    "tail": 1 << 20,
    "files": 512 << 20,
    "survey": 1 << 30,
}
"""Bytes of the largest frame of each kind that is read; of those that are not named, `_LISTING`."""

_UNREAD = frozenset({"rest"})
"""Kinds whose bytes go to a file as they come, and are counted against what was asked for."""

_MOST_FRAMES = 20_000
"""Frames of one reply, and `_MOST_BYTES` in all of them."""
_MOST_BYTES = 1 << 30

_KIND = re.compile(rb"[a-z]{1,32}")


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
    machine: str = ""
    size: int = 0

    def add(self, frame: Frame) -> None:
        """Add a frame.

        Raises:
            BadAnswer: there are too many of them.
        """
        self.frames.append(frame)
        self.size += len(frame.data)
        if len(self.frames) > _MOST_FRAMES or self.size > _MOST_BYTES:
            raise BadAnswer(
                f"one answer had more than {_MOST_FRAMES} parts or {_MOST_BYTES >> 20} MiB",
                machine=self.machine,
            )

    def get(self, kind: str) -> Frame | None:
        """The first frame of a kind, or None."""
        return next((frame for frame in self.frames if frame.kind == kind), None)

    def need(self, *kinds: str) -> list[Frame]:
        """All frames, which must be one of each of these kinds, in this order.

        Raises:
            BadAnswer: they are not.
        """
        if [frame.kind for frame in self.frames] != list(kinds):
            came = " ".join(frame.kind for frame in self.frames[:8]) or "nothing"
            raise BadAnswer(
                f"answered {came} where {' '.join(kinds[:8])} should be", machine=self.machine
            )
        return self.frames

    def lines(self, kind: str, count: int | None = None) -> list[str]:
        """The lines of the first frame of a kind; `count` is how many there must be.

        Raises:
            BadAnswer: there are more or fewer.
        """
        frame = self.get(kind)
        lines = (
            frame.text.removesuffix("\n").split("\n") if frame is not None and frame.data else []
        )
        if count is not None and len(lines) != count:
            raise BadAnswer(
                f"answered {len(lines)} lines of {kind} where {count} should be",
                machine=self.machine,
            )
        return lines


@contextmanager
def understood(machine: str, what: str) -> Iterator[None]:
    """Around the reading of an answer, `what` it is: what cannot be read is the machine's fault.

    Raises:
        BadAnswer: instead of a `ValueError`, `LookupError` or `StopIteration`.
    """
    try:
        yield
    except (ValueError, LookupError, StopIteration) as error:
        raise BadAnswer(f"answered {what} that cannot be read: {error}", machine=machine) from error


def read_head(line: bytes, mark: bytes, machine: str) -> tuple[str, int, int]:
    """Kind, status and length of a frame, from its first line.

    Raises:
        BadAnswer: it is no such line, or the frame is larger than one of its kind may be.
    """
    words = line[len(mark) :].split(b" ") if line.startswith(mark) else []
    if len(words) != 3 or _KIND.fullmatch(words[0]) is None:
        raise BadAnswer(f"answered {line[:_SHOWN]!r} where a frame should begin", machine=machine)
    kind = words[0].decode()
    with understood(machine, f"the head of a frame, {line[:_SHOWN]!r},"):
        status, size = whole(words[1], 65535), whole(words[2])
    largest = _LARGEST.get(kind, _LISTING)
    if size > largest and kind not in _UNREAD:
        raise BadAnswer(
            f"answered {size} bytes of {kind}, and at most {largest} are read", machine=machine
        )
    return kind, status, size


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
        """Pass over the zero bytes that follow an archive.

        Raises:
            BadAnswer: there is no end of them.
        """
        passed = 0
        while passed <= _MOST_PADDING:
            left = self._buffer[self._at :].lstrip(b"\0")
            if left:
                self._buffer, self._at = left, 0
                return
            passed += len(self._buffer) - self._at
            self._fill(1)
        raise BadAnswer("an archive is followed by zeros without end", machine=self._machine)

    def _fill(self, size: int) -> None:
        self._buffer = self._channel.receive(max(min(size, _PIECE), 65536))
        self._at = 0
        if not self._buffer:
            raise ConnectionLost("the connection ended in mid-answer", machine=self._machine)

    def line(self) -> bytes:
        """A line without its newline.

        Raises:
            BadAnswer: it is longer than any of ours.
        """
        parts: list[bytes] = []
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            parts.append(self._buffer[self._at :])
            if sum(map(len, parts)) > _LONGEST_LINE:
                raise BadAnswer(
                    f"answered {parts[0][:_SHOWN]!r}... where a frame should begin",
                    machine=self._machine,
                )
            self._fill(1)
        parts.append(self._buffer[self._at : end])
        self._at = end + 1
        return b"".join(parts)
