"""Checking what a fetch has brought, and making it read-only and durable."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sojourn.errors import ResultError
from sojourn.results.manifest import FileEntry, unsound

READ_ONLY = 0o444
READ_ONLY_DIRECTORY = 0o555


def seal(directory: Path, entries: tuple[FileEntry, ...]) -> tuple[FileEntry, ...]:
    """Check that `directory` holds `entries`, remove all else, make it read-only and durable.

    A file's digest is trusted if it is given and computed if not; its size must agree. Returns
    the entries with digest, executable bit and time of change filled in.

    Raises:
        ResultError: something is missing, of another kind or size, or leads out.
        OSError: the disk would not.
    """
    why = unsound(entries)
    if why:
        raise ResultError(f"a machine has sent what cannot be a result: {why}")
    wanted = {entry.name for entry in entries}
    folders = {".", *(str(above) for entry in entries for above in Path(entry.name).parents)}
    _require_directories(directory, folders)
    _remove_others(directory, wanted | folders)
    sealed = tuple(_seal_one(directory, entry) for entry in entries)
    for folder in sorted(folders | {entry.name for entry in entries if entry.kind == "d"}):
        path = directory / folder
        sync(path)
        path.chmod(READ_ONLY_DIRECTORY)
    return sealed


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link_text(path: Path | str) -> str:
    """The text of a symbolic link as it is; `Path.readlink` would tidy it."""
    return os.readlink(path)  # noqa: PTH115


def sync(path: Path) -> None:
    """Bring a file or directory to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def walk(directory: Path | str) -> Iterator[os.DirEntry[str]]:
    """Everything below, a directory before it is entered; links are not followed."""
    with os.scandir(directory) as entries:
        listed = list(entries)
    for entry in listed:
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path)


def make_writable(directory: Path) -> None:
    """Undo `seal` below and including `directory`, for a fetch that goes on or a removal.

    Only files and directories stay: whoever goes on must not write through a link.
    """
    directory.chmod(0o700)
    for entry in walk(directory):
        if entry.is_dir(follow_symlinks=False):
            Path(entry.path).chmod(0o700)
        elif entry.is_file(follow_symlinks=False):
            executable = entry.stat(follow_symlinks=False).st_mode & 0o100
            Path(entry.path).chmod(0o600 | executable)
        else:
            Path(entry.path).unlink()


def erase(directory: Path) -> None:
    """Remove a directory, read-only or not, with all that is in it."""
    import shutil

    make_writable(directory)
    shutil.rmtree(directory)


def _remove_others(directory: Path, wanted: set[str]) -> None:
    """Take away what nobody asked for: rests of an earlier fetch, or a machine's surplus."""
    for entry in list(walk(directory)):
        if os.path.relpath(entry.path, directory) in wanted or not os.path.lexists(entry.path):
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


def _seal_one(directory: Path, entry: FileEntry) -> FileEntry:
    path = directory / entry.name
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError) as fault:
        raise ResultError(f"{entry.name!r} has not arrived") from fault
    kind = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l"}.get(stat.S_IFMT(found.st_mode))
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
    path.chmod(READ_ONLY | (0o111 if executable else 0))
    # A whole second is kept by every file system, by copies and by backups.
    mtime_ns = found.st_mtime_ns // 1_000_000_000 * 1_000_000_000
    os.utime(path, ns=(mtime_ns, mtime_ns))
    sync(path)
    return replace(
        entry,
        digest=entry.digest or digest_of(path),
        executable=executable,
        mtime_ns=mtime_ns,
    )
