"""The store as the rest of Sojourn sees it: one object, split by subject over its bases."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

from sojourn.errors import StoreError
from sojourn.home import store_path
from sojourn.store.census import Census
from sojourn.store.changes import Changes
from sojourn.store.connection import LOCK_TIMEOUT, Database
from sojourn.store.digests import StoredMemo
from sojourn.store.events import Events
from sojourn.store.faults import damaged
from sojourn.store.generations import Generations
from sojourn.store.jobs import Jobs
from sojourn.store.machines import Machines
from sojourn.store.pauses import Pausing
from sojourn.store.settings import Settings
from sojourn.store.steps import Steps
from sojourn.store.workflows import Workflows


class Store(
    Jobs, Changes, Events, Workflows, Generations, Steps, Machines, Settings, Census, Pausing
):
    """The local record. Every method is one transaction, safe with many threads and processes.

    `path` is the store's file, by default in Sojourn's home; it is made where there is none.
    `timeout` is how many seconds to wait while other processes write. Every method raises
    `StoreError` when the store is locked, full, not writable or damaged; what was recorded
    before is whole then.
    """

    def __init__(self, path: Path | None = None, *, timeout: float = LOCK_TIMEOUT) -> None:
        self._db = Database(store_path() if path is None else path, timeout=timeout)

    @property
    def path(self) -> Path:
        """The store's file."""
        return self._db.path

    def transaction(self) -> AbstractContextManager[Any]:
        """Join several writes into one: `with store.transaction(): ...`, wholly or not at all.

        Others wait meanwhile, so nothing slow belongs inside.
        """
        return self._db.transaction()

    def digest_memo(self) -> StoredMemo:
        """What remembers digests of files for `sojourn.identity`; use it in a `with`."""
        return StoredMemo(self._db)

    def check(self) -> None:
        """Read the whole file for damage; takes a second for each few hundred megabytes.

        Raises:
            StoreError: damaged; says how to make the store anew.
        """
        found = [line for (line,) in self._db.query("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise damaged(self.path, str(found[0]).splitlines()[-1])

    def close(self) -> None:
        """Close every connection. May be called twice."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


__all__ = ["Store", "StoreError"]
