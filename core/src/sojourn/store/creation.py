"""Making the store's file, and what must hold before it is used."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sojourn.errors import StoreError
from sojourn.home import VARIABLE, private_directory
from sojourn.store import schema
from sojourn.store.faults import damaged, is_for_want_of_space, is_locked, translate
from sojourn.store.filesystem import file_system, locks_fail

_AS_IT_IS = "?mode=ro&immutable=1"
_SMALLEST = 512
_OLDEST_SQLITE = (3, 24, 0)


def connect(path: Path, timeout: float) -> sqlite3.Connection:
    """A connection to the file, which must be there. Transactions are begun by hand.

    Where its directory cannot be written, or the disk is full, SQLite could not make the files
    that it shares with other processes. Then it is only read: as it is if all was put into the
    file itself, else with the log of what was not, and with nobody else meanwhile.
    """
    log = path.with_name(path.name + "-wal")
    is_whole = not (log.exists() and log.stat().st_size)
    if is_whole and not os.access(path.parent, os.W_OK):
        return _connect(path, timeout, _AS_IT_IS)
    try:
        return _connect(path, timeout, "?mode=rw")
    except sqlite3.Error as fault:
        if not is_for_want_of_space(fault, path):
            raise
        if is_whole:
            return _connect(path, timeout, _AS_IT_IS)
        return _connect(path, timeout, "?mode=rw", "PRAGMA locking_mode = EXCLUSIVE")


def _connect(path: Path, timeout: float, mode: str, *first: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _uri(path) + mode,
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for statement in first:
            connection.execute(statement)
        # Every commit reaches the disk: what was recorded survives a power cut, too.
        connection.execute("PRAGMA synchronous = FULL")
        if path.stat().st_size:  # it shows now whether it can be read at all
            connection.execute("PRAGMA schema_version")
    except (sqlite3.Error, OSError):
        connection.close()
        raise
    return connection


def _uri(path: Path) -> str:
    """As `Path.as_uri`, without the modules that it loads."""
    text = str(path.absolute())
    for special in "%?#":
        text = text.replace(special, f"%{ord(special):02x}")
    return "file://" + text


def prepare(path: Path, timeout: float, mounts: Path) -> None:
    """Make the store if there is none, check that it is one, and bring it to this version.

    Raises:
        StoreError: it cannot be used; the message says why and what to do.
        sqlite3.Error, OSError: their own words, to be translated.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old for the store",
            hint="use a Python whose sqlite3 module has 3.24 or newer",
        )
    private_directory(path.parent)
    system = file_system(path.parent, mounts)
    if not system.local and os.access(path.parent, os.W_OK):
        why = locks_fail(path.parent, system)
        if why:
            raise StoreError(
                f"{path.parent}: the store cannot be kept on this file system"
                f" ({system.type or 'of unknown type'}): {why}",
                hint=f"set {VARIABLE} to a directory on a local disk",
            )
    if not path.exists():
        _create(path, timeout, write_ahead=system.local)
    elif path.stat().st_size < _SMALLEST:  # SQLite would take it for a new one
        raise damaged(path, "it was cut short")
    with closing(connect(path, timeout)) as connection:
        if not system.local:
            _leave_write_ahead(connection, path)
        _check_version(connection, path)


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if mark != schema.APPLICATION_ID:
        raise StoreError(
            f"{path}: this is no store of Sojourn's", hint=f"move it away, or set {VARIABLE}"
        )
    if version > schema.VERSION:
        raise StoreError(
            f"{path}: the store was made by a newer Sojourn"
            f" (version {version}; this one knows {schema.VERSION})",
            hint=f"upgrade this Sojourn, or set {VARIABLE} to a directory of its own",
        )
    if version < schema.VERSION:
        schema.migrate(connection)


def _create(path: Path, timeout: float, *, write_ahead: bool) -> None:
    """Make the store beside its place and link it there: it exists whole or not at all."""
    draft = path.with_name(f".{path.name}-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        draft.chmod(0o600)  # whatever the umask; SQLite gives its other files the same mode
        with closing(connect(draft, timeout)) as connection:
            connection.execute(f"PRAGMA journal_mode = {'WAL' if write_ahead else 'DELETE'}")
            schema.migrate(connection)
        with suppress(FileExistsError):  # another process was quicker: its store is as good
            path.hardlink_to(draft)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _leave_write_ahead(connection: sqlite3.Connection, path: Path) -> None:
    """Give a store that was made on a local disk the journal that a network file system bears.

    Exclusively, so that no memory is shared on the way. The other direction is never taken:
    a computer that has this disk locally must not change what others see over the network.
    """
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA locking_mode = NORMAL")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as fault:
        if not is_locked(fault):
            raise
        raise StoreError(
            f"{path}: another process uses the store in a way that a network file system"
            " does not bear",
            hint=f"end it, or set {VARIABLE} to a directory on a local disk",
        ) from translate(fault, path)
