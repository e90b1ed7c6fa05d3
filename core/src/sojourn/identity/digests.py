"""A file's identity: its content's SHA-256 and whether its owner may execute it.

A file that was read before and has not changed since is not read again. As in git, a file
changed so recently that a further change could leave no trace in its times is not remembered.
"""

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from sojourn.errors import InvalidJob
from sojourn.values.jsonable import shown

SETTLED_AFTER = 2.0
"""Seconds after which a further change must show in a file's times, on any file system."""

_CHUNK = 1 << 20


class FileKey(NamedTuple):
    """What tells that a file is the one that was read before. Times are in nanoseconds."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int


class DigestMemo(Protocol):
    """What remembers digests between runs. One entry a path is enough: the last."""

    def file_digest(self, key: FileKey) -> str | None:
        """The digest that was remembered under exactly this key."""
        ...

    def files_below(self, folder: str) -> dict[FileKey, str]:
        """All that is remembered of files below a directory: one question for thousands."""
        ...

    def remember_file(self, key: FileKey, digest: str) -> None:
        """Remember the digest of a file."""
        ...

    def archive(self, tree: str) -> tuple[str, int] | None:
        """Digest and size of the archive of the directory whose identity is `tree`."""
        ...

    def remember_archive(self, tree: str, digest: str, size: int) -> None:
        """Remember digest and size of an archive."""
        ...


@dataclass
class MemoryMemo:
    """Remembers for as long as it lives: what a session without a store uses."""

    files: dict[FileKey, str] = field(default_factory=dict)
    archives: dict[str, tuple[str, int]] = field(default_factory=dict)

    def file_digest(self, key: FileKey) -> str | None:
        """See `DigestMemo`."""
        return self.files.get(key)

    def files_below(self, folder: str) -> dict[FileKey, str]:
        """See `DigestMemo`."""
        return {key: digest for key, digest in self.files.items() if key.path.startswith(folder)}

    def remember_file(self, key: FileKey, digest: str) -> None:
        """See `DigestMemo`."""
        self.files[key] = digest

    def archive(self, tree: str) -> tuple[str, int] | None:
        """See `DigestMemo`."""
        return self.archives.get(tree)

    def remember_archive(self, tree: str, digest: str, size: int) -> None:
        """See `DigestMemo`."""
        self.archives[tree] = (digest, size)


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What a file is: `digest` is the SHA-256 of its content, `size` in bytes."""

    digest: str
    size: int
    executable: bool = False

    def component(self) -> dict[str, object]:
        """What stands for it in a signature."""
        return file_component(self.digest, self.executable)


def file_component(digest: str, executable: bool) -> dict[str, object]:
    """What stands for a file in a signature; the executable bit only where it is set."""
    component: dict[str, object] = {"kind": "file", "digest": digest}
    if executable:
        component["executable"] = True
    return component


def is_executable(status: os.stat_result) -> bool:
    """Whether the owner may execute it: the bit that travels."""
    return bool(status.st_mode & stat.S_IXUSR)


class Digests:
    """Digests of files, for one batch: within it, a file is read once whatever its age.

    `memo` is what remembers between batches; None remembers nothing.
    """

    def __init__(self, memo: DigestMemo | None = None) -> None:
        self.memo = memo
        self._seen: dict[FileKey, str] = {}
        self._asked: tuple[str, ...] = ()
        """Beginnings of paths of which all that is remembered is known."""

    def expect(self, folder: Path) -> None:
        """Files below this directory will be asked for, most of them."""
        if self.memo is not None:
            self._seen |= self.memo.files_below(f"{folder}/")
            self._asked += (f"{folder}/",)

    def file(
        self, path: Path | str, what: str, show: Callable[[bytes], object] | None = None
    ) -> FileIdentity:
        """The identity of the regular file `path`; `what` is what errors call it.

        Where the file has to be read, `show` is given all that is read, piece by piece.

        Raises:
            InvalidJob: missing, unreadable, no regular file, or changed while it was read.
        """
        try:
            status = os.stat(path)  # noqa: PTH116 (a Path for each of thousands takes its time)
            if not stat.S_ISREG(status.st_mode):
                raise InvalidJob(f"{what} is neither file nor directory: {shown(str(path))}")
            key = _key(path, status)
            digest = self._known(key) or self._read(key, status, what, show)
        except OSError as error:
            raise unreadable(error, Path(path), what) from error
        return FileIdentity(digest, status.st_size, is_executable(status))

    def _known(self, key: FileKey) -> str | None:
        digest = self._seen.get(key)
        if digest is None and self.memo is not None and not key.path.startswith(self._asked):
            digest = self.memo.file_digest(key)
        return digest

    def _read(
        self,
        key: FileKey,
        status: os.stat_result,
        what: str,
        show: Callable[[bytes], object] | None,
    ) -> str:
        begun = time.time()
        made = hashlib.sha256()
        descriptor = os.open(key.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for piece in _pieces(descriptor, status.st_size):
                made.update(piece)
                if show is not None:
                    show(piece)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if key != _key(key.path, after):
            raise InvalidJob(
                f"{what} changed while it was read: {shown(key.path)}",
                hint="try again when nothing writes to it any more",
            )
        digest = made.hexdigest()
        self._seen[key] = digest
        if self.memo is not None and status.st_ctime < begun - SETTLED_AFTER:
            self.memo.remember_file(key, digest)
        return digest


def _pieces(descriptor: int, size: int) -> Iterator[bytes]:
    """All of a file that should have that size: a small one in a single call of the system's."""
    wanted = min(size + 1, _CHUNK)
    come = 0
    while piece := os.read(descriptor, wanted):
        yield piece
        come += len(piece)
        if len(piece) < wanted and come >= size:  # the end, unless it grows: then its times tell
            return


def unreadable(error: OSError, path: Path, what: str) -> InvalidJob:
    """The operating system's word on a file that a job needs, in ours."""
    name = shown(error.filename if isinstance(error.filename, str) else str(path))
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InvalidJob(f"{what}: there is no file {name}", hint=_hint(what))
    hint = _hint(what) if error.errno == errno.ENAMETOOLONG else ""
    return InvalidJob(f"{what}: {name} cannot be read: {error.strerror or error}", hint=hint)


def _hint(what: str) -> str:
    if what.startswith("input "):
        return "check the path; a file with this text is Input(text=...)"
    return "check the path"


def _key(path: Path | str, status: os.stat_result) -> FileKey:
    return FileKey(str(path), status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)
