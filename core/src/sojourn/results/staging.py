"""Where a fetch puts files before they are a result: private, and kept for the next try."""

import fcntl
import os
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self, TypeVar

from sojourn.results.sealing import erase, make_writable

T = TypeVar("T")

_FEWEST, _MOST = 32, 1000


def staged_at_once(all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    """Groups of which each may be staged at once: a place in use is an open file, of which a
    process may have only so many (256 or 1,024 unless it is told otherwise)."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        allowed = 2 * _MOST
    number = max(_FEWEST, min(_MOST, allowed // 2))
    for first in range(0, len(all_of_them), number):
        yield all_of_them[first : first + number]


class Staging:
    """A private place with `files/` and `logs/`, for one attempt of one job.

    What an interrupted fetch has left is found there again, so that large files go on from
    where they were. While one process uses the shared place, another is given one of its own.
    Used as a context manager it gives the lock back, and keeps the files unless they were
    committed; after an error, too.
    """

    def __init__(self, above: Path, signature: str, attempt: int) -> None:
        self.signature = signature
        self.attempt = attempt
        shared = above / f"{signature}.{attempt}"
        self._lock = lock(shared.with_name(shared.name + ".lock"))
        if self._lock is None:
            shared = shared.with_name(f"{shared.name}.{os.getpid()}-{os.urandom(4).hex()}")
        self.path = shared
        """The directory that becomes the result."""
        self._own = self._lock is None
        if shared.exists():
            make_writable(shared)
        for part in (shared, self.files, self.logs):
            part.mkdir(mode=0o700, exist_ok=True)
            part.chmod(0o700)

    @property
    def files(self) -> Path:
        """Where outputs go, under their own names."""
        return self.path / "files"

    @property
    def logs(self) -> Path:
        """Where `stdout` and `stderr` go."""
        return self.path / "logs"

    def discard(self) -> None:
        """Throw away what lies here."""
        if self.path.exists():
            erase(self.path)

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        if self._own:
            self.discard()
        if self._lock is not None:
            release(self._lock, gone=not self.path.exists())
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Lock:
    """A lock held on a file that stands for something else."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor


def lock(path: Path) -> Lock | None:
    """Lock `path` without waiting; None if another holds it, or locks do not work there."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        # Whoever held it before may have removed the file: then this lock locks nothing.
        try:
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return Lock(path, descriptor)
        except FileNotFoundError:
            pass
        os.close(descriptor)


def release(held: Lock, *, gone: bool) -> None:
    """Give a lock back, and remove its file if what it stands for is `gone`."""
    if gone:
        held.path.unlink(missing_ok=True)
    os.close(held.descriptor)
