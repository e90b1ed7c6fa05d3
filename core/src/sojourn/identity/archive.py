"""A directory as one deterministic tar archive, so that it travels as one blob.

GNU format, sorted by the bytes of the names, time 0, owner 0, modes 0644 and 0755: the same
directory makes the same bytes on every computer and with every Python, which is why the
headers are written here and not by `tarfile`.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sojourn.errors import InvalidJob
from sojourn.identity.digests import DigestMemo, unreadable
from sojourn.identity.scan import Entry, scan
from sojourn.values.jsonable import shown

BLOCK = 512
RECORD = 20 * BLOCK
CHUNK = 1 << 20

_TYPES = {"file": b"0", "link": b"2", "directory": b"5"}
_LONG_NAME, _LONG_TARGET = b"L", b"K"
_LONGEST = 100
_LONGEST_SIZE = 8**11 - 1


def tree_archive(root: Path, what: str = "directory") -> Iterator[bytes]:
    """The archive of the directory `root`, piece by piece.

    Raises:
        InvalidJob: as `scan` does, or a file's size changed while it was read.
    """
    written = 0
    for entry in scan(root, what):
        header = _header(entry)
        written += len(header) + _padded(entry.size)
        yield header
        if entry.kind == "file":
            yield from _content(root / entry.name, entry.size, what)
    yield bytes(_tail(written))


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


def _content(path: Path, size: int, what: str) -> Iterator[bytes]:
    left = size
    try:
        with path.open("rb", buffering=0) as file:
            while piece := file.read(CHUNK):
                left -= len(piece)
                if left < 0:
                    break
                yield piece
    except OSError as error:
        raise unreadable(error, path, what) from error
    if left:
        raise InvalidJob(
            f"{what}: {shown(path.name)} changed while it was read",
            hint="try again when nothing writes to it any more",
        )
    yield bytes(_padded(size) - size)


def _header(entry: Entry) -> bytes:
    name = entry.name.encode() + (b"/" if entry.kind == "directory" else b"")
    target = entry.target.encode()
    mode = 0o755 if entry.executable or entry.kind == "directory" else 0o644
    if entry.kind == "link":
        mode = 0o777
    return (
        _long(_LONG_TARGET, target)
        + _long(_LONG_NAME, name)
        + _block(name, mode, entry.size, _TYPES[entry.kind], target)
    )


def _long(kind: bytes, text: bytes) -> bytes:
    """GNU's way of a name that does not fit: an entry of its own before the real one."""
    if len(text) <= _LONGEST:
        return b""
    content = text + b"\0"
    header = _block(b"././@LongLink", 0, len(content), kind, b"")
    return header + content.ljust(_padded(len(content)), b"\0")


def _block(name: bytes, mode: int, size: int, kind: bytes, target: bytes) -> bytes:
    fields = (
        name[:_LONGEST].ljust(_LONGEST, b"\0"),
        b"%07o\0" % mode,
        b"0000000\0" * 2,  # owner and group
        _size(size),
        b"00000000000\0",  # time
        b" " * 8,  # the checksum's own place counts as blanks
        kind,
        target[:_LONGEST].ljust(_LONGEST, b"\0"),
        b"ustar  \0",
    )
    header = b"".join(fields).ljust(BLOCK, b"\0")
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def _size(size: int) -> bytes:
    if size <= _LONGEST_SIZE:
        return b"%011o\0" % size
    return b"\x80" + size.to_bytes(11, "big")


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _tail(written: int) -> int:
    """Bytes of zeros at the end: at least two blocks, and the whole a multiple of a record."""
    return -(-(written + 2 * BLOCK) // RECORD) * RECORD - written
