"""Bringing files from a machine: one stream for many jobs, every file verified."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import BinaryIO, cast

from sojourn.errors import ConnectionLost
from sojourn.results.syncing import begin_writing
from sojourn.script.task import glob_word
from sojourn.site import layout
from sojourn.site.context import MachineContext, Moved
from sojourn.site.evidence import read_evidence
from sojourn.site.safe_paths import UnsafeName, check_files, without_links_out
from sojourn.site.trip import Dialogue
from sojourn.site.untar import Damaged, members
from sojourn.values.messages import ExitReport, FetchAnswer, FetchRequest, OutputFile, SiteEvidence
from sojourn.values.patterns import covers

LARGE = 4 << 20
"""Files from this many bytes on travel one by one and can be continued."""

_TO_DISK = 32 << 20
"""Bytes of a large file after which the disk is put to work."""
_PIECE = 1 << 20


@dataclass(slots=True)
class _Item:
    """One file under way: where it lies there, where it goes here. A log has no `name`."""

    order: "_Order"
    name: str
    source: str
    target: str
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
    moved = Moved(context.progress, "download", sum(item.size for item in items))
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


def _plan(order: _Order) -> Iterator[_Item]:
    """Make directories and links, and say which files are to come.

    Paths are text here: a `Path` for each of thousands of files takes its time.
    """
    request = order.request
    check_files(order.files)
    order.files, order.left_out = without_links_out(order.files)
    base = f"jobs/{layout.attempt(request.signature, request.attempt)}"
    made = {""}
    for file in order.files:
        folder = file.name if file.kind == "d" else file.name.rpartition("/")[0]
        if folder not in made:
            _make_folder(request.target, folder)
            made.add(folder)
        if file.kind == "l":
            link = request.target / file.name
            link.unlink(missing_ok=True)
            link.symlink_to(file.target)
        elif file.kind != "d":
            source, target = f"{base}/work/{file.name}", f"{request.target}/{file.name}"
            yield _Item(order, file.name, source, target, file.size)
    if request.logs_target is not None:
        for name in ("stdout", "stderr"):
            yield _Item(order, "", f"{base}/{name}", f"{request.logs_target}/{name}", 0)


def _make_folder(target: Path, name: str) -> None:
    """A directory in the target, reached through no link: what was fetched before a cut, or lay
    there before, is none of what the machine lists now."""
    path = target
    for part in name.split("/"):
        path /= part
        if path.is_symlink():
            raise UnsafeName(f"{path} is a link, and files would be written through it")
    path.mkdir(parents=True, exist_ok=True)


# --- many small ones ------------------------------------------------------------------------------


def _fetch_small(dialogue: Dialogue, items: list[_Item], moved: Moved) -> None:
    names = b"".join([os.fsencode(item.source) + b"\0" for item in items])
    dialogue.send(f"fetch_small {len(names)}")
    dialogue.send_bytes(names)
    dialogue.head()
    made = _unpack(dialogue, items, moved)
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


def _unpack(dialogue: Dialogue, items: list[_Item], moved: Moved) -> dict[str, str]:
    """Write what comes in the archive, and say which digest each of the sources has here."""
    reader = dialogue.reader
    by_source = {os.fsencode(item.source): item for item in items}
    made: dict[str, str] = {}
    try:
        for member in members(reader):
            item = by_source.get(member.name)
            first = by_source.get(member.link) if member.link else None
            if item is None:
                for _ in reader.pieces(member.size):
                    pass
            elif not member.link:
                made[item.source] = _write(item.target, reader.pieces(member.size))
                _keep_executable(item, bool(member.mode & 0o100))
                moved.by(member.size)
            elif first not in (None, item) and first.source in made:
                Path(item.target).unlink(missing_ok=True)
                shutil.copy(first.target, item.target)
                made[item.source] = made[first.source]
                moved.by(item.size)
    except Damaged as error:
        raise ConnectionLost(
            f"the stream of results is damaged: {error}", machine=dialogue.place.machine
        ) from error
    reader.skip_zeros()
    return made


def _compare(item: _Item, here: str | None, there: str | None) -> str:
    if here is None:
        return f"{item.name!r} is not on the machine any more, or cannot be read there"
    if here != there:
        return f"{item.name!r} arrived with other bytes than the machine has"
    return ""


def _write(target: str, pieces: Iterable[bytes]) -> str:
    """Write a new file, never through a link, and return its digest."""
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(target, flags, 0o666)
    except FileExistsError:
        Path(target).unlink()
        descriptor = os.open(target, flags, 0o666)
    try:
        for piece in pieces:
            digest.update(piece)
            while piece:
                piece = piece[os.write(descriptor, piece) :]
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def _keep_executable(item: _Item, executable: bool) -> None:
    """Of a file's mode this alone travels; a program that a job has built stays one."""
    if executable and item.name:
        Path(item.target).chmod(0o700)


# --- large ones -----------------------------------------------------------------------------------


def _fetch_large(dialogue: Dialogue, item: _Item, moved: Moved) -> None:
    order = item.order
    name = hashlib.sha256(os.fsencode(item.name)).hexdigest()
    target = Path(item.target)
    partial = target.with_name(f".part-{name[:16]}")
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
        begun = end = offset
        for piece in dialogue.reader.pieces(size):
            digest.update(piece)
            file.write(piece)
            moved.by(len(piece))
            end += len(piece)
            if end - begun >= _TO_DISK:
                begin_writing(file.fileno(), begun, end - begun)
                begun = end
    there = (dialogue.reply().lines("digest") or [""])[0].lstrip("\\")[:64]
    if digest.hexdigest() != there and not order.request.partial:
        partial.unlink()
        order.error = f"{item.name!r} arrived with other bytes than the machine has"
        return
    partial.replace(target)
    _keep_executable(item, bool(executable))
    order.digests[item.name] = digest.hexdigest()


class _Digesting:
    """A file that only remembers the digest of what is written to it."""

    def __init__(self, digest: "hashlib._Hash") -> None:
        self.write = digest.update


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
