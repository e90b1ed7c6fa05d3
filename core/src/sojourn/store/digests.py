"""The memory of digests: unchanged files are not read twice, in this run or in a later one."""

import os
import threading
import time
from typing import TYPE_CHECKING, Self

from sojourn.forks import forget_in_child
from sojourn.store.connection import Database

if TYPE_CHECKING:
    from sojourn.identity.digests import FileKey

BATCH = 256
"""So many new digests are written at once."""

KEEP_UNUSED = 90 * 86400.0
"""Seconds after which a digest that nobody asked for is forgotten."""

_FILE = "SELECT digest, used_at FROM digests WHERE path = ? AND size = ? AND mtime_ns = ?"
_BELOW = (  # "0" comes after "/"
    "SELECT path, size, mtime_ns, inode, ctime_ns, digest, used_at FROM digests"
    " WHERE path >= ? AND path < ?"
)
_PUT_FILE = "INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?, ?)"
_PUT_ARCHIVE = "INSERT OR REPLACE INTO archives VALUES (?, ?, ?, ?)"
_REFRESH_AFTER = 86400.0


class StoredMemo:
    """A `sojourn.identity.digests.DigestMemo` in the store. Safe to use from many threads.

    What is new is written in batches, and at the end of a `with`; what a killed process has
    not written is computed again some day.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._new_files: dict[bytes, tuple[int | str | float, ...]] = {}
        self._new_archives: dict[str, tuple[str, int]] = {}
        self._changing = threading.Lock()
        forget_in_child(self)

    def file_digest(self, key: "FileKey") -> str | None:
        """The digest that was remembered under exactly this key."""
        path = os.fsencode(key.path)
        wanted = (key.size, key.mtime_ns, key.inode, key.ctime_ns)
        new = self._new_files.get(path)
        if new is not None:
            return str(new[4]) if new[:4] == wanted else None
        row = self._db.first(_FILE + " AND inode = ? AND ctime_ns = ?", (path, *wanted))
        if row is None:
            return None
        return self._used(key, *row)

    def files_below(self, folder: str) -> "dict[FileKey, str]":
        """All that is remembered of paths that begin with `folder`, which ends with a slash."""
        from sojourn.identity.digests import FileKey

        first = os.fsencode(folder)
        digests = {}
        for path, *rest, digest, used_at in self._db.query(_BELOW, (first, first[:-1] + b"0")):
            key = FileKey(os.fsdecode(path), *rest)
            digests[key] = self._used(key, digest, used_at)
        for path, new in list(self._new_files.items()):
            if path.startswith(first):
                digests[FileKey(os.fsdecode(path), *new[:4])] = str(new[4])  # type: ignore[arg-type]
        return digests

    def remember_file(self, key: "FileKey", digest: str) -> None:
        """Remember the digest of a file, in the place of what was known of that path."""
        with self._changing:
            self._new_files[os.fsencode(key.path)] = (*key[1:], digest, time.time())
        self._flush_if_many()

    def archive(self, tree: str) -> tuple[str, int] | None:
        """Digest and size of the archive of the directory whose identity is `tree`."""
        new = self._new_archives.get(tree)
        if new is not None:
            return new
        row = self._db.first("SELECT digest, size FROM archives WHERE tree = ?", (tree,))
        return None if row is None else (str(row[0]), int(row[1]))

    def remember_archive(self, tree: str, digest: str, size: int) -> None:
        """Remember digest and size of an archive."""
        with self._changing:
            self._new_archives[tree] = (digest, size)
        self._flush_if_many()

    def flush(self) -> None:
        """Write what is new."""
        with self._changing:
            files, self._new_files = self._new_files, {}
            archives, self._new_archives = self._new_archives, {}
        if not files and not archives:
            return
        now = time.time()
        with self._db.transaction() as connection:
            connection.executemany(_PUT_FILE, [(path, *row) for path, row in files.items()])
            connection.executemany(
                _PUT_ARCHIVE, [(tree, *row, now) for tree, row in archives.items()]
            )
            for table in ("digests", "archives"):
                connection.execute(f"DELETE FROM {table} WHERE used_at < ?", (now - KEEP_UNUSED,))

    def forget_inherited(self) -> None:
        """See `sojourn.forks`."""
        self._changing = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def _used(self, key: "FileKey", digest: str, used_at: float) -> str:
        """A digest that is asked for; that is written down once a day."""
        if used_at < time.time() - _REFRESH_AFTER:
            self.remember_file(key, digest)
        return digest

    def _flush_if_many(self) -> None:
        if len(self._new_files) + len(self._new_archives) >= BATCH:
            self.flush()
