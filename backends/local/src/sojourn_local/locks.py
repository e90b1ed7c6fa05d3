"""Kernel locks (flock): they end with whoever holds them, however that ends."""

import fcntl
import os
from pathlib import Path
from typing import NamedTuple, Self

from sojourn_local.records import Entry, Start, read_job


def try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock on the file `path`, which is made; None if it is taken."""
    # Written to as well: on NFS an exclusive lock needs that.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if _lock(handle):
        return handle
    os.close(handle)
    return None


def unlock(handle: int) -> None:
    """Give the lock back for all who share it, keeping the descriptor."""
    fcntl.flock(handle, fcntl.LOCK_UN)


def relock(handle: int) -> bool:
    """Take the lock of an open descriptor again; False if somebody else has it."""
    return _lock(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Owned(NamedTuple):
    """A job's file whose lock we hold: nobody else moves it, or answers for the job."""

    handle: int
    path: Path
    entry: Entry
    started: Start | None = None
    """The last start written in it, if a whole one is there."""

    def move(self, target: Path) -> Self:
        """Rename the file; the lock stays with it."""
        self.path.rename(target)
        return self._replace(path=target)

    def note(self, start: Start) -> Self:
        """Add a start to the file."""
        os.lseek(self.handle, 0, os.SEEK_END)
        os.write(self.handle, b"\n" + start.encode().encode())
        return self._replace(started=start)

    def remove(self) -> None:
        """Remove the file and give the lock back."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Give the lock back."""
        os.close(self.handle)


def own(path: Path) -> Owned | None:
    """Lock a job's file; None if it is not there (any more) or somebody else has it.

    Raises:
        ValueError: it is there and cannot be read as a job's file.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if _lock(handle) and _is_at(handle, path):
            return owned(handle, path)
    except ValueError:
        os.close(handle)
        raise
    os.close(handle)
    return None


def owned(handle: int, path: Path) -> Owned:
    """A job's file whose lock `handle` holds already.

    Raises:
        ValueError: it cannot be read as a job's file.
    """
    entry, started = read_job(os.pread(handle, 1 << 20, 0).decode("utf-8", "replace"))
    return Owned(handle, path, entry, started)


def _is_at(handle: int, path: Path) -> bool:
    """Whether the file was not moved away before it was locked."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(handle)
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)
