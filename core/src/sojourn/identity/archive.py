"""A directory as one deterministic tar archive, so that it travels as one blob.

GNU format, sorted by the bytes of the names, time 0, owner 0, modes 0644 and 0755: the same
directory makes the same bytes on every computer and with every Python, which is why the
headers are written here and not by `tarfile`.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from sojourn.errors import InvalidJob
from sojourn.identity.digests import DigestMemo, FileIdentity, unreadable
from sojourn.identity.scan import Entry, scan
from sojourn.values.jsonable import shown

BLOCK = 512
RECORD = 20 * BLOCK
CHUNK = 1 << 20
"""Bytes of a piece, roughly: thousands of small files must not make thousands of packets."""

_TYPES = {"file": b"0", "link": b"2", "directory": b"5"}
_LONG_NAME, _LONG_TARGET = b"L", b"K"
_LONGEST = 100
_LONGEST_SIZE = 8**11 - 1

_OWNER = b"0000000\0" * 2  # and group
_TIME = b"00000000000\0"
_MAGIC = b"ustar  \0"
_REST = bytes(BLOCK - 265)
_CONSTANT = sum(b" " * 8) + sum(_MAGIC)
"""What is the same in every checksum, in which the checksum's own place counts as blanks."""


def tree_archive(root: Path, what: str = "directory") -> Iterator[bytes]:
    """The archive of the directory `root`, in pieces of at most some 2 MiB.

    Raises:
        InvalidJob: as `scan` does, or a file's size changed while it was read.
    """
    written = length = 0
    parts: list[bytes] = []
    for part in _parts(root, what):
        parts.append(part)
        length += len(part)
        if length >= CHUNK:
            yield b"".join(parts)
            written += length
            parts, length = [], 0
    yield b"".join([*parts, bytes(_tail(written + length))])


def _parts(root: Path, what: str) -> Iterator[bytes]:
    for entry in scan(root, what):
        yield header(entry)
        if entry.kind == "file":
            yield from _content(f"{root}/{entry.name}", entry.size, what)


class ArchiveDigest:
    """The digest of an archive whose files are being read for their own sake.

    Whoever reads them shows every entry, in the order of `scan`, and what it reads of each file.
    Where a file need not be read, or is not what was listed, there is no digest this way.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._size = 0
        self._left = 0
        self._broken = False

    def begin(self, entry: Entry) -> None:
        """The next entry; the content of a file follows."""
        if not self._broken:
            self._update(bytes(self._padding()) + header(entry))
            self._left = entry.size

    def content(self, piece: bytes | memoryview) -> None:
        """A part of the content of the last file begun."""
        if not self._broken:
            self._left -= len(piece)
            self._update(piece)

    def end(self, entry: Entry, found: FileIdentity) -> None:
        """All that was read of a file was shown, and this is what it turned out to be."""
        same = (entry.size, entry.executable) == (found.size, found.executable)
        self._broken = self._broken or not same or self._left != 0

    def finish(self) -> tuple[str, int] | None:
        """Digest and size of the archive; None if they can only be had by reading it again."""
        if self._broken:
            return None
        self._update(bytes(self._padding()))
        self._update(bytes(_tail(self._size)))
        return self._digest.hexdigest(), self._size

    def _padding(self) -> int:
        return _padded(self._size) - self._size

    def _update(self, data: bytes | memoryview) -> None:
        self._digest.update(data)
        self._size += len(data)


def archive_digest(
    root: Path, tree: str, memo: DigestMemo | None, what: str = "directory"
) -> tuple[str, int]:
    """Digest and size of the archive of `root`, whose identity is `tree`.

    Raises:
        InvalidJob: as `tree_archive` does.
    """
    known = memo.archive(tree) if memo is not None else None
    if known is not None:
        return known
    digest, size = hashlib.sha256(), 0
    for piece in tree_archive(root, what):
        digest.update(piece)
        size += len(piece)
    if memo is not None:
        memo.remember_archive(tree, digest.hexdigest(), size)
    return digest.hexdigest(), size


def _content(path: str, size: int, what: str) -> Iterator[bytes]:
    left = size
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            # One byte more than there should be shows a file that has grown.
            while piece := os.read(descriptor, min(left + 1, CHUNK)):
                left -= len(piece)
                if left < 0:
                    break
                yield piece
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(error, Path(path), what) from error
    if left:
        raise InvalidJob(
            f"{what}: {shown(Path(path).name)} changed while it was read",
            hint="try again when nothing writes to it any more",
        )
    yield bytes(_padded(size) - size)


def header(entry: Entry) -> bytes:
    """What stands in the archive before an entry's content."""
    name = entry.name.encode() + (b"/" if entry.kind == "directory" else b"")
    target = entry.target.encode()
    mode = 0o755 if entry.executable or entry.kind == "directory" else 0o644
    if entry.kind == "link":
        mode = 0o777
    block = _block(name, mode, entry.size, _TYPES[entry.kind], target)
    if len(name) <= _LONGEST and len(target) <= _LONGEST:
        return block
    return _long(_LONG_TARGET, target) + _long(_LONG_NAME, name) + block


def _long(kind: bytes, text: bytes) -> bytes:
    """GNU's way of a name that does not fit: an entry of its own before the real one."""
    if len(text) <= _LONGEST:
        return b""
    content = text + b"\0"
    header = _block(b"././@LongLink", 0, len(content), kind, b"")
    return header + content.ljust(_padded(len(content)), b"\0")


def _block(name: bytes, mode: int, size: int, kind: bytes, target: bytes) -> bytes:
    name, target = name[:_LONGEST], target[:_LONGEST]
    numbers = b"%07o\0" % mode + _OWNER + _size(size) + _TIME
    checksum = _CONSTANT + sum(name) + sum(numbers) + sum(kind) + sum(target)
    front = name.ljust(_LONGEST, b"\0") + numbers + b"%06o\0 " % checksum + kind
    return front + target.ljust(_LONGEST, b"\0") + _MAGIC + _REST


def _size(size: int) -> bytes:
    if size <= _LONGEST_SIZE:
        return b"%011o\0" % size
    return b"\x80" + size.to_bytes(11, "big")


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _tail(written: int) -> int:
    """Bytes of zeros at the end: at least two blocks, and the whole a multiple of a record."""
    return -(-(written + 2 * BLOCK) // RECORD) * RECORD - written
