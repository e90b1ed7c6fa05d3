"""Only one monitor works a store at a time: a kernel lock that ends with its process."""

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from sojourn.errors import Occupied, StoreError
from sojourn.processes import me
from sojourn.store.records import rfc3339

FILE = "monitor.lock"

_TRIES = 5
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Holder:
    """Who watches a store. `since` is in seconds since the epoch, `what` how it was begun."""

    pid: int
    host: str
    since: float
    what: str = "sojourn monitor"

    def __str__(self) -> str:
        return f"{self.what}, pid {self.pid} on {self.host}, since {rfc3339(self.since)}"


class MonitorLock:
    """The right to be the one monitor of the store in `home`. Freed by the end of the process,
    however it ends; the file stays."""

    def __init__(self, home: Path, what: str = "sojourn monitor") -> None:
        self.path = home / FILE
        self._what = what
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object has it."""
        return self._file is not None

    def take(self) -> None:
        """Become the one monitor.

        Raises:
            Occupied: another is; says who.
            StoreError: the file cannot be written.
        """
        if not self.try_take():
            other = holder(self.path.parent)
            raise Occupied(
                "a monitor works this store already" + (f": {other}" if other else ""),
                holder=str(other or ""),
                hint="one is enough for all machines and workflows; end that one to begin another",
            )

    def try_take(self) -> bool:
        """Become the one monitor, if there is none."""
        if self._file is not None:
            return True
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise StoreError(f"{self.path}: cannot be opened: {fault.strerror}") from fault
        try:
            locked = _lock(file)
        except OSError as fault:
            os.close(file)
            raise StoreError(
                f"{self.path}: cannot be locked: {fault.strerror}",
                hint="set SOJOURN_HOME to a directory on a local disk",
            ) from fault
        if not locked:
            os.close(file)
            return False
        self._file = file
        this = me()
        said = json.dumps(asdict(Holder(this.pid, this.host, time.time(), self._what)))
        os.ftruncate(file, 0)
        os.pwrite(file, said.encode(), 0)
        return True

    def free(self) -> None:
        """Let another be the monitor. May be called twice."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.free()


def _lock(file: int) -> bool:
    """Lock the file if nobody has; who only looks has it for an instant, which is waited out."""
    for left in reversed(range(_TRIES)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_PAUSE)
        else:
            return True
    return False


def holder(home: Path) -> Holder | None:
    """Who watches the store in `home` now; None if nobody does, or it cannot be told."""
    try:
        file = os.open(home / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None  # nobody holds it: what is written there is of one that was killed
        with suppress(OSError, ValueError, TypeError):
            return Holder(**json.loads(os.pread(file, 4096, 0)))
        return None
    finally:
        os.close(file)
