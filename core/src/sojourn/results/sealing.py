"""Checking what a fetch has brought, and making it read-only."""

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from sojourn.errors import ResultError
from sojourn.folder import Folder
from sojourn.results.manifest import FileEntry, unsound
from sojourn.results.walking import walk

READ_ONLY = 0o444
READ_ONLY_DIRECTORY = 0o555


def seal(directory: Path, entries: tuple[FileEntry, ...]) -> tuple[FileEntry, ...]:
    """Check that `directory` holds `entries`, remove all else, and make it read-only.

    A file's digest is trusted if it is given and computed if not; its size must agree. Returns
    the entries with digest, executable bit and time of change filled in.

    Raises:
        ResultError: something is missing, of another kind or size, or leads out.
        OSError: the disk would not.
    """
    why = unsound(entries)
    if why:
        raise ResultError(f"a machine has sent what cannot be a result: {why}")
    folders = _folders(entries)
    _require_directories(directory, folders)
    _remove_others(directory, folders.union(entry.name for entry in entries))
    sealed = tuple([_seal_one(f"{directory}/{entry.name}", entry) for entry in entries])
    folders.update(entry.name for entry in entries if entry.kind == "d")
    for folder in folders:
        (directory / folder).chmod(READ_ONLY_DIRECTORY)
    return sealed


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link_text(path: Path | str) -> str:
    """The text of a symbolic link as it is; `Path.readlink` would tidy it."""
    return os.readlink(path)  # noqa: PTH115


def make_writable(directory: Path) -> None:
    """Undo `seal` below and including `directory`, for a fetch that goes on or a removal.

    Only files and directories remain: whoever goes on must not write through a link.
    """
    with Folder.open(directory) as folder:
        _make_writable(folder.descriptor)


def _make_writable(folder: int) -> None:
    """By descriptors: what was a directory a moment ago may be a link by now."""
    os.fchmod(folder, 0o700)
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        if not (entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)):
            os.unlink(entry.name, dir_fd=folder)
            continue
        descriptor = os.open(entry.name, _AS_IT_IS, dir_fd=folder)
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                _make_writable(descriptor)
            else:
                os.fchmod(descriptor, 0o600 | mode & 0o100)
        finally:
            os.close(descriptor)


_AS_IT_IS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def erase(directory: Path) -> None:
    """Remove a directory, read-only or not, with all that is in it; follows no link."""
    import shutil

    make_writable(directory)
    shutil.rmtree(directory)


def _folders(entries: Iterable[FileEntry]) -> set[str]:
    """The directories that the entries lie in, the top one as "."."""
    found = {"."}
    for entry in entries:
        folder = entry.name.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _remove_others(directory: Path, wanted: set[str]) -> None:
    """Take away what nobody asked for: rests of an earlier fetch, or a machine's surplus."""
    above = len(f"{directory}/")
    for entry in list(walk(directory)):
        if entry.path[above:] in wanted or not os.path.lexists(entry.path):
            continue
        if entry.is_dir(follow_symlinks=False):
            erase(Path(entry.path))
        else:
            Path(entry.path).unlink()


def _require_directories(directory: Path, folders: set[str]) -> None:
    """A link in place of a directory would lead everything below it astray."""
    for folder in folders:
        path = directory / folder
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise ResultError(f"{folder!r} has arrived as something else than a directory")


_KINDS = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l"}


def _seal_one(path: str, entry: FileEntry) -> FileEntry:
    """Paths are text here: a `Path` for each of thousands of files takes its time."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError) as fault:
        raise ResultError(f"{entry.name!r} has not arrived") from fault
    kind = _KINDS.get(stat.S_IFMT(found.st_mode))
    if kind != entry.kind:
        raise ResultError(f"{entry.name!r} has arrived as something else than it was announced")
    if kind == "l":
        if link_text(path) != entry.target:
            raise ResultError(f"the link {entry.name!r} has arrived with another target")
        return entry
    if kind == "d":
        return entry
    if found.st_size != entry.size:
        raise ResultError(f"{entry.name!r} has arrived with {found.st_size} of {entry.size} bytes")
    executable = bool(found.st_mode & 0o100)
    os.chmod(path, READ_ONLY | (0o111 if executable else 0))  # noqa: PTH101
    # A whole second is kept by every file system, by copies and by backups.
    mtime_ns = found.st_mtime_ns // 1_000_000_000 * 1_000_000_000
    os.utime(path, ns=(mtime_ns, mtime_ns))
    digest = entry.digest or digest_of(Path(path))
    return FileEntry(entry.name, entry.size, "f", digest, "", executable, mtime_ns)
