"""`machines.yaml` while the monitor runs: read again when it has changed."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.errors import ConfigError

if TYPE_CHECKING:
    from sojourn.session.session import Session

EVERY = 5.0
"""Seconds between two looks at the files."""

Stamp = tuple[tuple[str, int, int], ...]


class Configuration:
    """Looks after the files that the machines come from. For one thread."""

    def __init__(self, session: "Session", *, report: Callable[[str], None]) -> None:
        self._session = session
        self._report = report
        self._looked = float("-inf")
        self._stamp = stamp()

    def look(self, now: float) -> bool:
        """Whether the session goes by another configuration than before; `now` is the running
        clock's. A file with a mistake is told of, and changes nothing."""
        if now - self._looked < EVERY:
            return False
        self._looked = now
        present = stamp()
        if present == self._stamp:
            return False
        self._stamp = present
        from sojourn.machines.loading import load_machines

        try:
            machines = load_machines(self._session.registry)
        except ConfigError as error:
            self._report(f"{error}; the machines stay as they were")
            return False
        self._session.use_machines(machines)
        self._report("machines.yaml has changed and was read again")
        return True


def stamp() -> Stamp:
    """What tells one state of the files from another."""
    from sojourn.machines.places import machine_files

    try:
        files = machine_files()
    except ConfigError:
        return ()  # the file that SOJOURN_MACHINES names is not there, for now
    return tuple(_of(file) for file in files)


def _of(file: Path) -> tuple[str, int, int]:
    try:
        known = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), known.st_mtime_ns, known.st_size
