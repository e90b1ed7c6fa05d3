"""History in the store: every change of state with its evidence, and every attempt."""

from sojourn.store.connection import Database
from sojourn.store.history import AttemptRecord, EventRecord
from sojourn.store.jobs import JOBS
from sojourn.store.rows import Table

_ATTEMPTS = Table("attempts", AttemptRecord)
_EVENTS = Table("events", EventRecord)
_OWN = ", ".join(f"events.{name}" for name in _EVENTS.columns[:-3])
_SELECT = (
    f"SELECT {_OWN}, ifnull(jobs.name, ''), ifnull(jobs.workflow, ''), ifnull(jobs.step, '')"
    " FROM events LEFT JOIN jobs ON jobs.signature = events.signature"
    " AND jobs.machine = events.machine"
)


class Events:
    """The part of the store about what has happened."""

    _db: Database

    def events(self, signature: str, machine: str) -> tuple[EventRecord, ...]:
        """Every change of a job's state, in the order they were recorded."""
        rows = self._db.query(
            f"{_SELECT} WHERE events.signature = ? AND events.machine = ? ORDER BY events.id",
            (signature, machine),
        )
        return tuple(map(_EVENTS.read, rows))

    def changes_since(self, event_id: int, limit: int = 10_000) -> tuple[EventRecord, ...]:
        """What was recorded after the event `event_id` (0: from the beginning), in order.

        Ids grow in the order of the transactions: none ever appears below one that was seen.
        """
        rows = self._db.query(
            f"{_SELECT} WHERE events.id > ? ORDER BY events.id LIMIT ?", (event_id, limit)
        )
        return tuple(map(_EVENTS.read, rows))

    def last_event_id(self) -> int:
        """The id of the newest event, 0 if there is none."""
        (newest,) = self._db.first("SELECT ifnull(max(id), 0) FROM events")
        return int(newest)

    def attempts(self, signature: str, machine: str) -> tuple[AttemptRecord, ...]:
        """Every attempt of a job, the first one first and the present one last."""
        key = (signature, machine)
        present = _ATTEMPTS.select.replace("FROM attempts", f"FROM {JOBS.name}")
        rows = self._db.query(
            f"{_ATTEMPTS.select} WHERE signature = ? AND machine = ?"
            f" UNION ALL {present} WHERE signature = ? AND machine = ? ORDER BY attempt",
            key + key,
        )
        return tuple(map(_ATTEMPTS.read, rows))

    def version(self) -> tuple[int, int]:
        """Differs from what this thread was told before if anything was recorded since; cheap."""
        return self._db.version()
