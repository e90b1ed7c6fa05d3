"""SQLite's errors, told in one line each with what to do."""

import errno
import os
import sqlite3
from pathlib import Path

from sojourn.errors import StoreError
from sojourn.home import VARIABLE

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_SHORT_OF_SPACE = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_NEARLY_NOTHING = 256 * 1024


def is_locked(fault: sqlite3.Error) -> bool:
    """Whether another process's lock is the reason."""
    return _code(fault) in _LOCKED


def is_for_want_of_space(fault: sqlite3.Error, path: Path) -> bool:
    """Whether a full disk is the reason, also by way of a store that was opened to be read."""
    code = _code(fault)
    return code == sqlite3.SQLITE_FULL or (code in _SHORT_OF_SPACE and _no_space(path))


def translate(fault: sqlite3.Error | OSError, path: Path) -> StoreError:
    """The `StoreError` for an error of SQLite's or the system's on the store at `path`."""
    if isinstance(fault, OSError):
        return _refused(fault, path)
    code = _code(fault)
    if code in _LOCKED:
        return StoreError(
            f"{path}: the store is locked by another process; nothing was changed",
            hint="try again; if it stays locked, `fuser` on that file names the process",
        )
    if code in _DAMAGED:
        return damaged(path, str(fault))
    if is_for_want_of_space(fault, path):
        return _full(path)
    if code in _FORBIDDEN:
        return StoreError(
            f"{path}: the store cannot be written ({fault}); nothing was changed",
            hint=f"check the permissions of the file and its directory, or set {VARIABLE}",
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreError(
            f"{path}: the store cannot be opened ({fault})",
            hint=f"check the permissions of the file and its directory, or set {VARIABLE}",
        )
    return StoreError(
        f"{path}: the store failed: {fault}",
        hint=f"nothing was changed; if it happens again, check the disk, or set {VARIABLE}",
    )


def damaged(path: Path, why: str) -> StoreError:
    """The error for a store that can no longer be read."""
    return StoreError(
        f"{path}: the store is damaged ({why})",
        hint=f"move {path}* away and run `sojourn rebuild -m MACHINE` for each machine",
    )


def _full(path: Path) -> StoreError:
    return StoreError(
        f"{path}: no space left for the store; nothing was changed",
        hint=f"free some space there, or move everything and set {VARIABLE}",
    )


def _refused(fault: OSError, path: Path) -> StoreError:
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(path)
    return StoreError(
        f"{path}: the store cannot be used: {fault.strerror or fault}",
        hint=f"check the permissions of the file and its directory, or set {VARIABLE}",
    )


def _code(fault: sqlite3.Error) -> int:
    """The primary result code: the low byte of the extended one."""
    return int(getattr(fault, "sqlite_errorcode", 0) or 0) & 0xFF


def _no_space(path: Path) -> bool:
    try:
        return _free(path.parent) < _NEARLY_NOTHING
    except OSError:
        return False


def _free(directory: Path) -> int:
    """Bytes that an ordinary user may still write."""
    system = os.statvfs(directory)
    return system.f_bavail * system.f_frsize
