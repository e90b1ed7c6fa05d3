"""Machines in the store: when they last answered, in what state they are, what we cost them."""

from dataclasses import dataclass
from typing import Any

from sojourn.store.connection import Database
from sojourn.store.rows import Table, plain

OK = "ok"
UNREACHABLE = "unreachable"
NEEDS_LOGIN = "needs-login"


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """What is remembered of a machine. Times are seconds since the epoch."""

    name: str
    root_id: str = ""
    """The root's own id: tells a renamed machine from another one."""
    root_path: str = ""
    backend: str = ""
    state: str = OK
    """"ok", "unreachable" or "needs-login"."""
    state_since: float | None = None
    detail: str = ""
    """Why it is in that state."""
    contacted_at: float | None = None
    """When it last answered."""
    paused: bool = False
    polled_at: float | None = None
    poll_seconds: float = 0.0
    """How long the last poll took."""
    connections: int = 0
    trips: int = 0
    scheduler_calls: int = 0
    bytes_up: int = 0
    bytes_down: int = 0

    @property
    def cause(self) -> str:
        """`detail` for where the machine and its state are named already."""
        return self.detail.removeprefix(f"{self.name}: ").removeprefix("needs login: ")


_MACHINES = Table("machines", MachineRecord)
_METERS = ("connections", "trips", "scheduler_calls", "bytes_up", "bytes_down")
_ENTER = "INSERT OR IGNORE INTO machines (name) VALUES (?)"


class Machines:
    """The part of the store about machines; one is entered when it is first written about."""

    _db: Database

    def machine(self, name: str) -> MachineRecord | None:
        """What is remembered of the machine, or None."""
        row = self._db.first(f"{_MACHINES.select} WHERE name = ?", (name,))
        return None if row is None else _MACHINES.read(row)

    def machines(self) -> dict[str, MachineRecord]:
        """All remembered machines by name, whether still configured or not."""
        rows = self._db.query(f"{_MACHINES.select} ORDER BY name")
        return {record.name: record for record in map(_MACHINES.read, rows)}

    def update_machine(self, name: str, **values: Any) -> None:
        """Set fields of a machine.

        Raises:
            TypeError: a field that does not exist, or one of the meters.
        """
        if {"name", *_METERS} & values.keys():
            raise TypeError(f"not set this way: name, {', '.join(_METERS)}")
        with self._db.transaction() as connection:
            connection.execute(_ENTER, (name,))
            connection.execute(
                f"UPDATE machines SET {_MACHINES.assignments(values)} WHERE name = ?",
                (*map(plain, values.values()), name),
            )

    def set_machine_state(self, name: str, state: str, *, at: float, detail: str = "") -> bool:
        """Record what a contact has shown; True if the state is another than before.

        `state` is OK, UNREACHABLE or NEEDS_LOGIN. Of several processes that see the same
        change one is told True, so that it is said once. OK also counts as a contact.
        """
        with self._db.transaction() as connection:
            connection.execute(_ENTER, (name,))
            changed = connection.execute(
                "UPDATE machines SET state = ?, state_since = ? WHERE name = ? AND state <> ?",
                (state, at, name, state),
            ).rowcount
            connection.execute(
                "UPDATE machines SET detail = ?, contacted_at ="
                " CASE WHEN ? THEN ? ELSE contacted_at END WHERE name = ?",
                (detail, state == OK, at, name),
            )
        return changed == 1

    def meter(
        self,
        name: str,
        *,
        connections: int = 0,
        trips: int = 0,
        scheduler_calls: int = 0,
        bytes_up: int = 0,
        bytes_down: int = 0,
    ) -> None:
        """Add to what we have cost a machine; many processes may add at once."""
        added = (connections, trips, scheduler_calls, bytes_up, bytes_down)
        sums = ", ".join(f"{meter} = {meter} + ?" for meter in _METERS)
        with self._db.transaction() as connection:
            connection.execute(_ENTER, (name,))
            connection.execute(f"UPDATE machines SET {sums} WHERE name = ?", (*added, name))
