"""The way to the store's file: one connection a thread, transactions, and clear errors."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sojourn.errors import StoreError
from sojourn.store import creation
from sojourn.store.faults import translate
from sojourn.store.filesystem import MOUNTS

LOCK_TIMEOUT = 30.0
"""Seconds to wait for other processes' transactions, which are short."""

_INHERITED: list[sqlite3.Connection] = []
"""Connections of a parent process, kept for ever: closing one here would hurt it."""


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
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._closed = False
        self._pid = os.getpid()
        self.connection()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened when it is first asked for."""
        if self._pid != os.getpid():
            self._forget_inherited()
        mine = self._connections.get(threading.current_thread())
        return mine if mine is not None else self._open()

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows that a reading statement gives, as tuples."""
        try:
            return self.connection().execute(sql, parameters).fetchall()
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault

    def first(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first row of a reading statement, or None."""
        try:
            return self.connection().execute(sql, parameters).fetchone()
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is recorded wholly or not at all; inside another one it joins that."""
        connection = self.connection()
        if connection.in_transaction:
            yield connection
            return
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault
        finally:
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")

    def version(self) -> tuple[int, int]:
        """Differs from what this thread was told before if anything was recorded since."""
        connection = self.connection()
        (others,) = self.first("PRAGMA data_version")
        return others, connection.total_changes

    def close(self) -> None:
        """Close every thread's connection. May be called twice."""
        with self._opening:
            self._closed = True
            if self._pid == os.getpid():
                for connection in self._connections.values():
                    connection.close()
            self._connections.clear()

    def _open(self) -> sqlite3.Connection:
        with self._opening:
            if self._closed:
                raise StoreError(f"{self.path}: the store was closed")
            for thread in [thread for thread in self._connections if not thread.is_alive()]:
                self._connections.pop(thread).close()
            try:
                if not self._connections:
                    creation.prepare(self.path, self.timeout, self._mounts)
                connection = creation.connect(self.path, self.timeout)
            except (sqlite3.Error, OSError) as fault:
                raise translate(fault, self.path) from fault
            self._connections[threading.current_thread()] = connection
            return connection

    def _forget_inherited(self) -> None:
        """After a fork: locks do not pass to a child, so neither may connections."""
        _INHERITED.extend(self._connections.values())
        self._connections = {}
        self._opening = threading.Lock()
        self._pid = os.getpid()
