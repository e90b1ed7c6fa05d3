"""The store for those who only look at jobs and machines: what `sojourn list` opens.

As `store.Store`, without loading what else a store can do.
"""

from pathlib import Path
from typing import Self

from sojourn.home import store_path
from sojourn.store.connection import LOCK_TIMEOUT, Database
from sojourn.store.generations import Generations
from sojourn.store.jobs import Jobs
from sojourn.store.machines import Machines
from sojourn.store.pauses import Pausing


class JobReader(Jobs, Generations, Machines, Pausing):
    """Jobs and machines of the store at `path`, by default in Sojourn's home.

    Raises (here and in every method):
        StoreError: locked, damaged, or made by a newer release.
    """

    def __init__(self, path: Path | None = None, *, timeout: float = LOCK_TIMEOUT) -> None:
        self._db = Database(store_path() if path is None else path, timeout=timeout)

    def version(self) -> tuple[int, int]:
        """Differs from what was told before if anything was recorded since; cheap."""
        return self._db.version()

    def close(self) -> None:
        """Close every connection. May be called twice."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
