"""Bringing files to the disk: a few one by one, many in one go."""

import os
from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path

from sojourn.results.walking import walk

_MANY = 32
"""From so many files on, the file system is asked once for all: thousands of single calls, each
with a commit of its journal, take fifty times as long."""


def sync(path: Path | str) -> None:
    """Bring a file or directory to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(top: Path, paths: Collection[str]) -> None:
    """Bring all of `paths`, files and directories below the directory `top`, to the disk.

    Raises:
        OSError: the disk would not.
    """
    if len(paths) >= _MANY and _sync_file_system(top):
        return
    for path in paths:
        sync(path)


def sync_trees(tops: Sequence[Path]) -> None:
    """Bring directories of one file system to the disk, with all that lies in them.

    Raises:
        OSError: the disk would not.
    """
    paths = [str(top) for top in tops]
    for top in tops:
        paths += [entry.path for entry in walk(top) if not entry.is_symlink()]
    if paths:
        sync_all(tops[0], paths)


def begin_writing(descriptor: int, offset: int, length: int) -> None:
    """Have the system begin to bring what was just written to the disk, while more comes: there
    is less to wait for at the end. What is still to be written stays in memory all the same."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_DONTNEED)


def _sync_file_system(top: Path) -> bool:
    """Bring all of a file system to the disk; False if that cannot be done or has failed."""
    call = _syncfs()
    if call is None:
        return False
    descriptor = os.open(top, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return call(descriptor) == 0
    finally:
        os.close(descriptor)


@cache
def _syncfs() -> Callable[[int], int] | None:
    """Linux's call for one file system, which Python does not have."""
    import ctypes

    try:
        found: Callable[[int], int] = ctypes.CDLL(None, use_errno=True).syncfs
    except (AttributeError, OSError):
        return None
    return found
