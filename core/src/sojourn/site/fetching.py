"""Bringing files from a machine: one stream for many jobs, every file verified."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import EDQUOT, ENOSPC
from io import RawIOBase
from pathlib import Path
from shlex import quote
from typing import BinaryIO, Self, cast

from sojourn.errors import BadAnswer
from sojourn.folder import Folder, write_all
from sojourn.results.syncing import begin_writing
from sojourn.script.task import glob_word
from sojourn.site import layout
from sojourn.site.context import MachineContext, Moved
from sojourn.site.evidence import read_evidence
from sojourn.site.frames import understood
from sojourn.site.safe_paths import UnsafeName, check_files, without_links_out
from sojourn.site.trip import Dialogue
from sojourn.site.untar import Damaged, members
from sojourn.values.messages import ExitReport, FetchAnswer, FetchRequest, OutputFile, SiteEvidence
from sojourn.values.outside import MOST, whole
from sojourn.values.patterns import covers

LARGE = 4 << 20
"""Files from this many bytes on travel one by one and can be continued."""

_TO_DISK = 32 << 20
"""Bytes of a large file after which the disk is put to work."""
_PIECE = 1 << 20
_PASSED_OVER = 1 << 30
"""Bytes of a file, beyond those that it may have, that are read and thrown away."""


@dataclass(slots=True)
class _Item:
    """One file under way: where it is there, and the name it gets in a folder here. A log has no
    `name`."""

    order: "_Order"
    name: str
    source: str
    folder: Path
    target: str
    size: int

    @property
    def most(self) -> int:
        """Bytes that may come: of a log, and of what is still being written, any number."""
        return self.size if self.name and not self.order.request.partial else MOST


@dataclass(slots=True)
class _Order:
    """What is to come for one request, and what has come."""

    request: FetchRequest
    exit: ExitReport | None = None
    files: tuple[OutputFile, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    error: str = ""
    left_out: tuple[OutputFile, ...] = ()
    planned: bool = False
    unlisted: str = ""
    """What of a job's directory cannot be listed now."""

    def answer(self) -> FetchAnswer:
        signature = self.request.signature
        return FetchAnswer(
            *(signature, self.files, self.digests, self.exit),
            *(self.error or self.unlisted, self.left_out),
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
    with _Folders() as folders:
        items: list[_Item] = []
        for order in orders:
            with _told_of(order):
                items += () if order.error else _plan(order, folders)
        moved = Moved(context.progress, "download", sum(item.size for item in items))
        small = [item for item in items if item.size < LARGE]
        if small:
            _fetch_small(dialogue, folders, small, moved)
        for item in items:
            if item.size >= LARGE and not item.order.error:
                _fetch_large(dialogue, folders, item, moved)
        for order in orders:
            with _told_of(order):
                _make_links(order, folders)
    return [order.answer() for order in orders]


class _Folders:
    """Directories that files go to. One is open at a time: a trip may be for a thousand jobs,
    whose files come one job after the other."""

    def __init__(self) -> None:
        self._latest: Folder | None = None

    def at(self, path: Path) -> Folder:
        """The directory `path`, which is made if it does not exist."""
        if self._latest is None or self._latest.path != path:
            self.close()
            self._latest = Folder.open(path, make=True)
        return self._latest

    def close(self) -> None:
        if self._latest is not None:
            self._latest.close()
            self._latest = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _told_of(order: _Order) -> Iterator[None]:
    """A name that is not sound, or a directory here that cannot be written to, is the trouble of
    one job."""
    try:
        yield
    except UnsafeName as error:
        order.error = order.error or str(error)
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise
        order.error = order.error or f"{error.filename}: {error.strerror}"


def _order(dialogue: Dialogue, request: FetchRequest, seen: SiteEvidence) -> _Order:
    order = _Order(request, exit=seen.exit)
    if request.partial:
        order.files, order.unlisted = list_now(
            dialogue, request.signature, request.attempt, request.partial
        )
    elif seen.exit is None:
        order.error = seen.exit_error or "its exit file is not there (any more)"
    elif request.remote:
        kept = (file for file in seen.exit.files if file.remote)
        order.files = tuple(f for f in kept if any(covers(p, f.name) for p in request.remote))
    else:
        order.files = tuple(file for file in seen.exit.files if not file.remote)
    return order


def _plan(order: _Order, folders: _Folders) -> list[_Item]:
    """Make directories, and say which files are to come.

    Names are text here: a `Path` for each of thousands of files takes its time.
    """
    request = order.request
    check_files(order.files)
    order.files, order.left_out = without_links_out(order.files)
    base = f"jobs/{layout.attempt(request.signature, request.attempt)}"
    folder = folders.at(request.target)
    items = []
    for file in order.files:
        if file.kind == "d":
            folder.make(file.name)
        elif file.kind != "l":
            source = f"{base}/work/{file.name}"
            items.append(_Item(order, file.name, source, request.target, file.name, file.size))
    if request.logs_target is not None:
        for name in ("stdout", "stderr"):
            items.append(_Item(order, "", f"{base}/{name}", request.logs_target, name, 0))
    order.planned = True
    return items


def _make_links(order: _Order, folders: _Folders) -> None:
    """Last of all, so that nothing is written through one."""
    for file in order.files if order.planned else ():
        if file.kind == "l":
            folders.at(order.request.target).link(file.name, file.target)


# --- many small ones ------------------------------------------------------------------------------


def _fetch_small(dialogue: Dialogue, folders: _Folders, items: list[_Item], moved: Moved) -> None:
    names = b"".join([os.fsencode(item.source) + b"\0" for item in items])
    dialogue.send(f"fetch_small {len(names)}")
    dialogue.send_bytes(names)
    if dialogue.head()[0] != "tar":
        raise BadAnswer("answered no archive of results", machine=dialogue.place.machine)
    made = _unpack(dialogue, folders, items, moved)
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


def _unpack(
    dialogue: Dialogue, folders: _Folders, items: list[_Item], moved: Moved
) -> dict[str, str]:
    """Write what comes in the archive, and say which digest each of the sources has here."""
    reader = dialogue.reader
    by_source = {os.fsencode(item.source): item for item in items}
    made: dict[str, str] = {}
    try:
        for member in members(reader, len(items)):
            item = by_source.get(member.name)
            _refuse_larger(dialogue, item, member.size)
            first = by_source.get(member.link) if member.link else None
            if member.link and (first in (None, item) or first.source not in made):
                continue
            descriptor = -1 if item is None or member.size > item.most else _new_file(folders, item)
            if item is None or descriptor < 0:
                for _ in reader.pieces(member.size):
                    pass
                continue
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                if first is None:
                    made[item.source] = _write(file, reader.pieces(member.size))
                    _keep_executable(item, descriptor, bool(member.mode & 0o100))
                else:
                    _copy(folders, first, file)
                    made[item.source] = made[first.source]
                moved.by(item.size)
    except Damaged as error:
        raise BadAnswer(
            f"answered an archive of results that is damaged: {error}",
            machine=dialogue.place.machine,
        ) from error
    reader.skip_zeros()
    return made


def _refuse_larger(dialogue: Dialogue, item: _Item | None, size: int) -> None:
    """A file that is larger than its job has said is that job's trouble: it is passed over. What
    would take too long to pass over ends the trip."""
    if item is None or size <= item.most:
        return
    item.order.error = item.order.error or f"{item.name!r} is larger than when the job ended"
    if size > item.most + _PASSED_OVER:
        raise BadAnswer(
            f"answered {size} bytes of {item.source}, and {item.size} were asked for",
            machine=dialogue.place.machine,
        )


def _compare(item: _Item, here: str | None, there: str | None) -> str:
    if here is None:
        return f"{item.name!r} is not on the machine any more, or cannot be read there"
    if here != there:
        return f"{item.name!r} arrived with other bytes than the machine has"
    return ""


def _new_file(folders: _Folders, item: _Item) -> int:
    """A descriptor of a new file; -1 if it cannot be made, which is told of the job."""
    with _told_of(item.order):
        return folders.at(item.folder).create(item.target)
    return -1


def _write(file: RawIOBase, pieces: Iterable[bytes]) -> str:
    """Write what comes, and return its digest."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        write_all(file.fileno(), piece)
    return digest.hexdigest()


def _copy(folders: _Folders, first: _Item, file: RawIOBase) -> None:
    """Another file with the bytes of one that came before, and its permissions."""
    with os.fdopen(folders.at(first.folder).read(first.target), "rb") as source:
        shutil.copyfileobj(source, file, _PIECE)
        os.fchmod(file.fileno(), stat.S_IMODE(os.fstat(source.fileno()).st_mode))


def _keep_executable(item: _Item, descriptor: int, executable: bool) -> None:
    """Of a file's mode this alone travels; a program that a job has built stays one."""
    if executable and item.name:
        os.fchmod(descriptor, 0o700)


# --- large ones -----------------------------------------------------------------------------------


def _fetch_large(dialogue: Dialogue, folders: _Folders, item: _Item, moved: Moved) -> None:
    order = item.order
    name = hashlib.sha256(os.fsencode(item.name)).hexdigest()
    partial = f"{item.target.rpartition('/')[0]}/.part-{name[:16]}".lstrip("/")
    descriptor = -1
    with _told_of(order):
        folder = folders.at(item.folder)
        descriptor = folder.resume(partial)
    if descriptor < 0:
        return
    with os.fdopen(descriptor, "rb+", buffering=0) as file:
        offset = os.fstat(file.fileno()).st_size
        if offset > item.size:
            file.truncate(0)
            offset = 0
        moved.by(offset)
        dialogue.send(f"fetch_large {offset} {quote(item.source)} {item.most}")
        kind, executable, size = dialogue.head()
        if kind != "rest":
            dialogue.reader.exactly(size)
            dialogue.reply()
            folder.remove(partial)
            if not order.request.partial:
                gone = "is larger than when the job ended" if kind == "larger" else _GONE
                order.error = f"{item.name!r} {gone}"
            return
        if size > item.most - offset:
            raise BadAnswer(
                f"answered {size} bytes of {item.source}, and {item.most - offset} were asked for",
                machine=dialogue.place.machine,
            )
        digest = hashlib.sha256()
        shutil.copyfileobj(file, cast(BinaryIO, _Digesting(digest)), _PIECE)
        begun = end = offset
        for piece in dialogue.reader.pieces(size):
            digest.update(piece)
            write_all(file.fileno(), piece)
            moved.by(len(piece))
            end += len(piece)
            if end - begun >= _TO_DISK:
                begin_writing(file.fileno(), begun, end - begun)
                begun = end
        there = (dialogue.reply().lines("digest") or [""])[0].lstrip("\\")[:64]
        if digest.hexdigest() != there and not order.request.partial:
            folder.remove(partial)
            order.error = f"{item.name!r} arrived with other bytes than the machine has"
            return
        _keep_executable(item, file.fileno(), bool(executable))
    with _told_of(order):
        folder.rename(partial, item.target)
    order.digests[item.name] = digest.hexdigest()


_GONE = "is not on the machine any more"


class _Digesting:
    """A file that only remembers the digest of what is written to it."""

    def __init__(self, digest: "hashlib._Hash") -> None:
        self.write = digest.update


def list_now(
    dialogue: Dialogue, signature: str, attempt: int, patterns: Sequence[str]
) -> tuple[tuple[OutputFile, ...], str]:
    """What a job's patterns match in its directory at this moment, and what cannot be listed."""
    dialogue.load("fetch")
    words = " ".join(glob_word(pattern) for pattern in patterns)
    reply = dialogue.ask(f"list_partial {layout.attempt(signature, attempt)} {quote(words)}")
    frame = reply.get("partial")
    files = []
    with understood(dialogue.place.machine, "a list of files"):
        for entry in (frame.data if frame is not None else b"").split(b"\0")[:-1]:
            kind, size, name = entry.split(b" ", 2)
            if kind != b"f":
                raise ValueError(f"{kind[:8]!r} is no kind of file")
            files.append(OutputFile(os.fsdecode(name), whole(size)))
    return tuple(files), "".join(reply.lines("unlisted"))
