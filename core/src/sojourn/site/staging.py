"""Bringing inputs to a machine: each content once, verified there before it counts."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path

from sojourn.errors import SiteError
from sojourn.site.context import MachineContext, Moved
from sojourn.site.frames import understood
from sojourn.site.trip import Dialogue
from sojourn.site.ustar import END, member
from sojourn.values.messages import Blob
from sojourn.values.outside import whole

LARGE = 4 << 20
"""Blobs from this many bytes on travel one by one and can be continued."""

_PIECE = 1 << 20
_BUNDLE = 16 << 20
"""Bytes of small blobs that travel together. While one bundle is verified, the next is read."""
_HEADER = 1024
"""Bytes that each adds to its bundle, roughly."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What of some blobs the machine does not have: by digest, how many bytes of each are there; and
    how many bytes of room there are, as far as that can be told."""

    there: Mapping[str, int]
    room: float = inf


def lacking(dialogue: Dialogue, context: MachineContext, blobs: Iterable[Blob]) -> Lacking:
    """Ask which blobs are missing; one exchange."""
    wanted = {blob.digest: blob for blob in blobs}
    if not wanted:
        return Lacking({})
    dialogue.load("stage")
    names = "".join(f"{digest}\n" for digest in wanted).encode()
    client = context.client or "client"
    reply = dialogue.ask(f"blobs_wanted {len(names)} {client}", names)
    with understood(dialogue.place.machine, "what inputs it has"):
        there = _missing(reply.lines("missing"), wanted)
    kilobytes = "".join(reply.lines("room"))
    is_known = kilobytes.isascii() and kilobytes.isdecimal() and len(kilobytes) < 19
    return Lacking(there, int(kilobytes) * 1024 if is_known else inf)


def stage(
    dialogue: Dialogue, context: MachineContext, blobs: Iterable[Blob], lack: Lacking
) -> None:
    """Send those of the blobs that the machine lacks.

    Raises:
        SiteError: the machine could not store them, or a file changed while it was sent.
    """
    wanted = {blob.digest: blob for blob in blobs if blob.digest in lack.there}
    if not wanted:
        return
    client = context.client or "client"
    moved = Moved(context.progress, "upload", sum(blob.size for blob in wanted.values()))
    _send_small(dialogue, [blob for blob in wanted.values() if blob.size < LARGE], moved)
    for digest, blob in wanted.items():
        if blob.size >= LARGE:
            _send_large(dialogue, blob, lack.there[digest], client, moved)


def _missing(lines: list[str], wanted: Mapping[str, Blob]) -> dict[str, int]:
    """The inputs that are not there, with how much of each is; only what was asked about counts."""
    there: dict[str, int] = {}
    for line in lines:
        digest, size = line.split(" ")
        if digest not in wanted:
            raise ValueError(f"{digest[:80]!r} was not asked about")
        there[digest] = whole(size)
    return there


def _bundles(blobs: list[Blob]) -> Iterator[list[Blob]]:
    bundle: list[Blob] = []
    size = 0
    for blob in blobs:
        bundle.append(blob)
        size += blob.size + _HEADER
        if size >= _BUNDLE:
            yield bundle
            bundle, size = [], 0
    if bundle:
        yield bundle


def _send_small(dialogue: Dialogue, blobs: list[Blob], moved: Moved) -> None:
    under_way = False
    for bundle in _bundles(blobs):
        data = _archive(dialogue, bundle)
        if under_way:
            dialogue.reply()
        dialogue.send(f"blobs_small {len(data)}")
        dialogue.send_bytes(data)
        under_way = True
        moved.by(sum(blob.size for blob in bundle))
    if under_way:
        dialogue.reply()


def _archive(dialogue: Dialogue, blobs: list[Blob]) -> bytes:
    members = []
    for blob in blobs:
        content = b"".join(content_of(blob))
        if hashlib.sha256(content).hexdigest() != blob.digest:
            raise changed(blob, dialogue.place.machine)
        members.append(member(f"{blob.digest[:2]}/{blob.digest}", content, 0o600))
    return b"".join([*members, END])


def _send_large(dialogue: Dialogue, blob: Blob, offset: int, client: str, moved: Moved) -> None:
    if offset > blob.size:
        offset = 0
    dialogue.send(f"blob_large {blob.size - offset} {blob.digest} {client} {offset}")
    moved.by(offset)
    left = blob.size - offset
    for piece in content_of(blob, offset):
        dialogue.send_bytes(piece[:left])
        moved.by(min(len(piece), left))
        left -= min(len(piece), left)
    while left:  # The file has shrunk: the length promised must be kept, and the digest tells.
        dialogue.send_bytes(bytes(min(left, _PIECE)))
        left -= min(left, _PIECE)
    if dialogue.reply().get("stored") is None:
        if offset == 0:
            raise changed(blob, dialogue.place.machine)
        _send_large(dialogue, blob, 0, client, moved)


def content_of(blob: Blob, offset: int = 0) -> Iterator[bytes]:
    """The blob's bytes from `offset` on, in pieces."""
    if isinstance(blob.source, bytes):
        yield blob.source[offset:]
        return
    if blob.tree:
        from sojourn.identity.archive import tree_archive

        for piece in tree_archive(blob.source):
            if offset >= len(piece):
                offset -= len(piece)
            else:
                yield piece[offset:]
                offset = 0
        return
    try:
        with blob.source.open("rb", buffering=0) as file:
            file.seek(offset)
            # One byte more than there should be shows a file that has grown.
            left = blob.size - offset + 1
            while left > 0 and (piece := file.read(min(left, _PIECE))):
                left -= len(piece)
                yield piece
    except OSError as error:
        raise SiteError(f"cannot read the input {blob.source}: {error.strerror}") from error


def changed(blob: Blob, machine: str) -> SiteError:
    """The error for an input that is no longer what it was when it was signed."""
    what = blob.source if isinstance(blob.source, Path) else "an input given as bytes"
    return SiteError(
        f"{what} did not arrive with the digest it was signed with",
        machine=machine,
        hint="it was probably changed in the meantime: run again",
    )
