"""Bringing files from a machine: one stream for many jobs, every file verified."""

import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import BinaryIO, cast

from sojourn.errors import ConnectionLost
from sojourn.script.task import glob_word
from sojourn.site import layout
from sojourn.site.context import MachineContext
from sojourn.site.evidence import read_evidence
from sojourn.site.safe_paths import UnsafeName, check_files, inside, without_links_out
from sojourn.site.trip import Dialogue
from sojourn.values.messages import ExitReport, FetchAnswer, FetchRequest, OutputFile, SiteEvidence
from sojourn.values.patterns import covers

LARGE = 4 << 20
"""Files from this many bytes on travel one by one and can be continued."""

_PIECE = 1 << 20


@dataclass(slots=True)
class _Item:
    """One file under way: where it lies there, where it goes here. A log has no `name`."""

    order: "_Order"
    name: str
    source: str
    target: Path
    size: int


@dataclass(slots=True)
class _Order:
    """What is to come for one request, and what has come."""

    request: FetchRequest
    exit: ExitReport | None = None
    files: tuple[OutputFile, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    error: str = ""
    left_out: tuple[OutputFile, ...] = ()

    def answer(self) -> FetchAnswer:
        signature = self.request.signature
        return FetchAnswer(
            signature, self.files, self.digests, self.exit, self.error, self.left_out
        )


def fetch(
    dialogue: Dialogue, context: MachineContext, requests: Sequence[FetchRequest]
) -> list[FetchAnswer]:
    """Bring the files of all requests. One job's trouble is in its answer.

    Raises:
        ConnectionLost: cut off; what has come of large files stays, to be continued.
    """
    dialogue.load("fetch")
    evidence = read_evidence(dialogue, [(one.signature, one.attempt) for one in requests])
    orders = [
        _order(dialogue, request, evidence[request.signature, request.attempt])
        for request in requests
    ]
    items: list[_Item] = []
    for order in orders:
        try:
            items += () if order.error else _plan(order)
        except (UnsafeName, OSError) as error:
            order.error = str(error)
    moved = _Moved(context, sum(item.size for item in items))
    small = [item for item in items if item.size < LARGE]
    if small:
        _fetch_small(dialogue, small, moved)
    for item in items:
        if item.size >= LARGE and not item.order.error:
            _fetch_large(dialogue, item, moved)
    return [order.answer() for order in orders]


def _order(dialogue: Dialogue, request: FetchRequest, seen: SiteEvidence) -> _Order:
    order = _Order(request, exit=seen.exit)
    if request.partial:
        order.files = list_now(dialogue, request.signature, request.attempt, request.partial)
    elif seen.exit is None:
        order.error = seen.exit_error or "its exit file is not there (any more)"
    elif request.remote:
        kept = (file for file in seen.exit.files if file.remote)
        order.files = tuple(f for f in kept if any(covers(p, f.name) for p in request.remote))
    else:
        order.files = tuple(file for file in seen.exit.files if not file.remote)
    return order


class _Moved:
    def __init__(self, context: MachineContext, total: int) -> None:
        self._progress, self._total, self._done = context.progress, total, 0

    def by(self, size: int) -> None:
        self._done += size
        self._progress("download", self._done, self._total)


def _plan(order: _Order) -> Iterator[_Item]:
    """Make directories and links, and say which files are to come."""
    request = order.request
    check_files(order.files)
    order.files, order.left_out = without_links_out(order.files)
    base = f"jobs/{layout.attempt(request.signature, request.attempt)}"
    for file in order.files:
        target = inside(request.target, file.name)
        if file.kind == "d":
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.kind == "l":
            target.unlink(missing_ok=True)
            target.symlink_to(file.target)
        else:
            yield _Item(order, file.name, f"{base}/work/{file.name}", target, file.size)
    if request.logs_target is not None:
        for name in ("stdout", "stderr"):
            yield _Item(order, "", f"{base}/{name}", request.logs_target / name, 0)


# --- many small ones ------------------------------------------------------------------------------


def _fetch_small(dialogue: Dialogue, items: list[_Item], moved: _Moved) -> None:
    names = b"".join(os.fsencode(item.source) + b"\0" for item in items)
    dialogue.send(f"fetch_small {len(names)}")
    dialogue.send_bytes(names)
    dialogue.head()
    by_source = {item.source: item for item in items}
    made: dict[str, str] = {}
    try:
        for member, content in _members(dialogue):
            item = by_source.get(member.name)
            if item is None:
                _drain(content, lambda _: None)
                continue
            made[item.source] = _write(item.target, content)
            _keep_executable(item, bool(member.mode & 0o100))
            moved.by(member.size)
    except tarfile.TarError as error:
        raise ConnectionLost(
            f"the stream of results is damaged: {error}", machine=dialogue.place.machine
        ) from error
    _skip_padding(dialogue)
    reply = dialogue.reply()
    there = [line.lstrip("\\")[:64] for line in reply.lines("digests")]
    # A name that could not be read has no line: the digests then stand for those that came.
    present = items if len(there) == len(items) else [i for i in items if i.source in made]
    digests = dict(zip((item.source for item in present), there, strict=False))
    for item in items:
        order = item.order
        if item.name == "" and item.source not in made:
            continue  # a log that was never written
        trouble = _compare(item, made.get(item.source), digests.get(item.source))
        if trouble and item.name and not order.request.partial:
            order.error = order.error or trouble
        elif not trouble and item.name:
            order.digests[item.name] = made[item.source]


def _compare(item: _Item, here: str | None, there: str | None) -> str:
    if here is None:
        return f"{item.name!r} is not on the machine any more, or cannot be read there"
    if here != there:
        return f"{item.name!r} arrived with other bytes than the machine has"
    return ""


def _members(dialogue: Dialogue) -> Iterator[tuple[tarfile.TarInfo, BinaryIO]]:
    """Members of the archive on the stream; reads not one byte beyond its end marks."""
    with tarfile.open(
        fileobj=cast(BinaryIO, dialogue.reader),
        mode="r|",
        bufsize=512,
        encoding="utf-8",
        errors="surrogateescape",
    ) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member, cast(BinaryIO, content)


def _skip_padding(dialogue: Dialogue) -> None:
    """Pass over the zero blocks with which an archive ends, up to the next frame."""
    while (byte := dialogue.reader.some(1)) == b"\0":
        pass
    dialogue.reader.put_back(byte)


def _write(target: Path, content: BinaryIO) -> str:
    digest = hashlib.sha256()
    target.unlink(missing_ok=True)
    with target.open("xb") as file:

        def keep(piece: bytes) -> None:
            digest.update(piece)
            file.write(piece)

        _drain(content, keep)
    return digest.hexdigest()


def _keep_executable(item: _Item, executable: bool) -> None:
    """Of a file's mode this alone travels; a program that a job has built stays one."""
    if executable and item.name:
        item.target.chmod(0o700)


def _drain(content: BinaryIO, keep: Callable[[bytes], object]) -> None:
    while piece := content.read(_PIECE):
        keep(piece)


# --- large ones -----------------------------------------------------------------------------------


def _fetch_large(dialogue: Dialogue, item: _Item, moved: _Moved) -> None:
    order = item.order
    name = hashlib.sha256(os.fsencode(item.name)).hexdigest()
    partial = item.target.with_name(f".part-{name[:16]}")
    offset = partial.stat().st_size if partial.exists() else 0
    if offset > item.size:
        partial.unlink()
        offset = 0
    moved.by(offset)
    dialogue.send(f"fetch_large {offset} {quote(item.source)}")
    kind, executable, size = dialogue.head()
    if kind != "rest":
        dialogue.reader.exactly(size)
        dialogue.reply()
        if not order.request.partial:
            order.error = f"{item.name!r} is not on the machine any more"
        return
    digest = hashlib.sha256()
    if offset:
        with partial.open("rb") as done:
            shutil.copyfileobj(done, cast(BinaryIO, _Digesting(digest)), _PIECE)
    with partial.open("ab", buffering=0) as file:
        for piece in _pieces(dialogue, size):
            digest.update(piece)
            file.write(piece)
            moved.by(len(piece))
    there = (dialogue.reply().lines("digest") or [""])[0].lstrip("\\")[:64]
    if digest.hexdigest() != there and not order.request.partial:
        partial.unlink()
        order.error = f"{item.name!r} arrived with other bytes than the machine has"
        return
    partial.replace(item.target)
    _keep_executable(item, bool(executable))
    order.digests[item.name] = digest.hexdigest()


class _Digesting:
    """A file that only remembers the digest of what is written to it."""

    def __init__(self, digest: "hashlib._Hash") -> None:
        self.write = digest.update


def _pieces(dialogue: Dialogue, size: int) -> Iterable[bytes]:
    while size:
        piece = dialogue.reader.some(min(size, _PIECE))
        size -= len(piece)
        yield piece


def list_now(
    dialogue: Dialogue, signature: str, attempt: int, patterns: Sequence[str]
) -> tuple[OutputFile, ...]:
    """What a job's patterns match in its directory at this moment."""
    dialogue.load("fetch")
    words = " ".join(glob_word(pattern) for pattern in patterns)
    reply = dialogue.ask(f"list_partial {layout.attempt(signature, attempt)} {quote(words)}")
    frame = reply.get("partial")
    files = []
    for entry in (frame.data if frame is not None else b"").split(b"\0")[:-1]:
        kind, size, name = entry.split(b" ", 2)
        files.append(OutputFile(os.fsdecode(name), int(size), kind.decode()))
    return tuple(files)
