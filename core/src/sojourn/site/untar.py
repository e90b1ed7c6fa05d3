"""A tar archive read off a stream: files and hard links, whichever tar has written it.

Nothing of it is believed but where a member ends: names and sizes are the reader's to check.
Python's `tarfile` reads a stream in blocks of 512 bytes and makes an object of each member's every
field, which was much of the CPU time of fetching thousands of small files.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sojourn.values.outside import MOST

BLOCK = 512
_LONGEST_EXTRA = 1 << 20
"""Bytes of a long name or of extended headers; what has more is no archive."""
_MOST_EXTRAS = 8
"""Long names and extended headers in front of one member."""
_DIGITS = re.compile(rb"[0-9]{1,19}")


class Damaged(ValueError):
    """The stream is no tar archive, or is not at the beginning of a member; the text says why."""


class Stream(Protocol):
    """What an archive is read from."""

    def exactly(self, size: int) -> bytes:
        """Just `size` bytes."""
        ...


class InMemory:
    """An archive that is there as a whole."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def exactly(self, size: int) -> bytes:
        """Just `size` bytes.

        Raises:
            Damaged: so many are not left.
        """
        end = self._at + size
        if end > len(self._data):
            raise Damaged("it ends too early")
        piece = self._data[self._at : end]
        self._at = end
        return piece


@dataclass(slots=True)
class Member:
    """A file, whose `size` bytes the caller reads; or, with `link`, another name of a file that
    came before. The permissions are `mode`."""

    name: bytes
    size: int
    mode: int
    link: bytes = b""
    time: int = 0
    """When it was last written, in seconds since the epoch."""


def members(stream: Stream, most: int) -> Iterator[Member]:
    """The members, `most` at most, up to the first block of zeros, which is read. Before it asks
    for the next one, the caller reads the content of a file, and not its padding.

    Raises:
        Damaged: it is not an archive, or has more members.
    """
    extra: dict[bytes, bytes] = {}
    heads = 0
    while True:
        block = stream.exactly(BLOCK)
        kind = block[156:157]
        if block[257:262] != b"ustar":
            if not block.strip(b"\0"):
                return
            raise Damaged("a header is not where it should be")
        size = _number(block[124:136])
        if kind in b"LKxg":
            extra |= _extra(kind, _exactly(stream, size))
            heads += 1
            if heads > _MOST_EXTRAS:
                raise Damaged("a member has headers without end")
            continue
        if b"size" in extra:
            size = _number(extra[b"size"], base=10)
        if (most := most - 1) < 0:
            raise Damaged("it has more members than were asked for")
        name = extra.get(b"path") or _name(block)
        if kind in b"07\0":
            yield Member(name, size, _number(block[100:108]), time=_time(block[136:148]))
            stream.exactly(-size % BLOCK)
        elif kind == b"1":
            yield Member(name, 0, 0, extra.get(b"linkpath") or _text(block[157:257]))
        elif kind not in b"23456":
            raise Damaged(f"it has a member of the unknown kind {kind!r}")
        extra, heads = {}, 0


def _name(block: bytes) -> bytes:
    name = _text(block[:100])
    # GNU's own form has other things where the standard's has the first part of a long name.
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _extra(kind: bytes, data: bytes) -> dict[bytes, bytes]:
    """What a member in front of the real one says of it: GNU's long names, or POSIX's records."""
    if kind == b"L":
        return {b"path": _text(data)}
    if kind == b"K":
        return {b"linkpath": _text(data)}
    found: dict[bytes, bytes] = {}
    while data and kind == b"x":
        length = _number(data.partition(b" ")[0], base=10)
        record, data = data[:length], data[length:]
        key, equals, value = record.partition(b" ")[2].partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise Damaged("an extended header cannot be read")
        found[key] = value[:-1]
    return found


def _exactly(stream: Stream, size: int) -> bytes:
    if size > _LONGEST_EXTRA:
        raise Damaged(f"a name or header of {size} bytes")
    return stream.exactly(size + -size % BLOCK)[:size]


def _time(field: bytes) -> int:
    """A file's time; 0 for one that cannot be a time, which its owner may have set."""
    try:
        return _number(field)
    except Damaged:
        return 0


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes, base: int = 8) -> int:
    if field[:1] == b"\x80":  # GNU's way of what does not fit in octal digits
        number = int.from_bytes(field[1:], "big")
    else:
        digits = field.strip(b" \0") or b"0"
        try:
            number = int(digits, base) if _DIGITS.fullmatch(digits) else -1
        except ValueError:
            number = -1
    if not 0 <= number <= MOST:
        raise Damaged(f"{field[:32]!r} is no number that can be")
    return number
