"""The way to the store's file: one connection a thread, transactions, and clear errors."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sojourn.errors import StoreError
from sojourn.forks import forget_in_child
from sojourn.store import creation
from sojourn.store.faults import translate
from sojourn.store.filesystem import MOUNTS

LOCK_TIMEOUT = 30.0
"""Seconds to wait for other processes' transactions, which are short."""

_INHERITED: list[sqlite3.Connection] = []
"""Connections of a parent process, kept for ever: closing one here would hurt it."""


@dataclass(frozen=True)
class _Connection:
    """One thread's connection. SQLite crashes when it is closed amid a call, so whoever uses it
    or closes it holds `in_use`."""

    sqlite: sqlite3.Connection
    in_use: AbstractContextManager[bool] = field(default_factory=threading.RLock)


class Database:
    """The store's file, safe to use from many threads and processes.

    Every thread gets a connection of its own. Reads see the newest committed records; writes
    go through `transaction`. `timeout` is in seconds.

    Raises (here and in every method):
        StoreError: locked, full, not writable, damaged or made by a newer release.
    """

    def __init__(self, path: Path, *, timeout: float = LOCK_TIMEOUT, mounts: Path = MOUNTS) -> None:
        self.path = path
        self.timeout = timeout
        self._mounts = mounts
        self._opening = threading.Lock()
        self._connections: dict[threading.Thread, _Connection] = {}
        self._closed = False
        forget_in_child(self)
        self._mine()

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows that a reading statement gives, as tuples."""
        with self._used() as connection:
            return connection.execute(sql, parameters).fetchall()

    def first(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first row of a reading statement, or None."""
        with self._used() as connection:
            return connection.execute(sql, parameters).fetchone()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is recorded wholly or not at all; inside another one it joins that."""
        with self._used() as connection:
            if connection.in_transaction:
                yield connection
                return
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")

    def version(self) -> tuple[int, int]:
        """Differs from what this thread was told before if anything was recorded since."""
        with self._used() as connection:
            (others,) = connection.execute("PRAGMA data_version").fetchone()
            return others, connection.total_changes

    def close(self) -> None:
        """Close every thread's connection, once what it does at the moment is done.

        May be called twice. Afterwards every method raises `StoreError`.
        """
        with self._opening:
            self._closed = True
            for connection in self._connections.values():
                with connection.in_use:
                    connection.sqlite.close()
            self._connections.clear()

    @contextmanager
    def _used(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, which stays open for as long as this does."""
        mine = self._mine()
        with mine.in_use:
            if self._closed:
                raise self._was_closed()
            try:
                yield mine.sqlite
            except sqlite3.Error as fault:
                raise translate(fault, self.path) from fault

    def _mine(self) -> _Connection:
        """This thread's connection, opened when it is first asked for."""
        mine = self._connections.get(threading.current_thread())
        return mine if mine is not None else self._open()

    def _was_closed(self) -> StoreError:
        return StoreError(f"{self.path}: the store was closed")

    def _open(self) -> _Connection:
        with self._opening:
            if self._closed:
                raise self._was_closed()
            for thread in [thread for thread in self._connections if not thread.is_alive()]:
                self._connections.pop(thread).sqlite.close()
            try:
                if not self._connections:
                    creation.prepare(self.path, self.timeout, self._mounts)
                connection = _Connection(creation.connect(self.path, self.timeout))
            except (sqlite3.Error, OSError) as fault:
                raise translate(fault, self.path) from fault
            self._connections[threading.current_thread()] = connection
            return connection

    def forget_inherited(self) -> None:
        """SQLite's locks do not pass to a child, so neither may its connections."""
        _INHERITED.extend(c.sqlite for c in self._connections.values())
        self._connections = {}
        self._opening = threading.Lock()
