"""Counts for whoever watches all machines: cheap, however many jobs there are."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sojourn.states import FINAL, HANDED_IN, State
from sojourn.store.connection import Database
from sojourn.store.pauses import BY_WORKFLOW

_CHUNK = 500
"""Most parameters of one statement; old SQLite takes 999."""

_HANDED_IN = ", ".join(f"'{state.value}'" for state in sorted(HANDED_IN))
_FINAL = ", ".join(f"'{state.value}'" for state in sorted(FINAL))
_COUNT = f"""
    SELECT machine, state = '{State.NEW.value}', count(*),
        max(max(ifnull(submitted_at, created_at), ifnull(started_at, 0)))
    FROM jobs
    WHERE state IN ({_HANDED_IN}, '{State.NEW.value}') AND NOT jobs.paused
    AND machine NOT IN (SELECT name FROM machines WHERE paused)
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a machine has of ours, paused jobs left out.

    `out` were handed in, `waiting` are NEW. `youngest` is when the last of those that are out
    was handed in or started, in seconds since the epoch; 0 where none is.
    """

    out: int = 0
    waiting: int = 0
    youngest: float = 0.0


class Census:
    """The part of the store that counts what is out."""

    _db: Database

    def census(self) -> dict[str, Load]:
        """The machines that have active jobs, paused ones left out."""
        sql = _COUNT
        if self._db.query("SELECT 1 FROM workflows WHERE paused LIMIT 1"):
            sql += f" AND NOT ({BY_WORKFLOW})"
        loads: dict[str, Load] = {}
        for machine, new, number, youngest in self._db.query(sql + " GROUP BY 1, 2"):
            known = loads.get(machine, Load())
            loads[machine] = (
                Load(known.out, number, known.youngest)
                if new
                else Load(number, known.waiting, youngest)
            )
        return loads

    def unfinished(self, signatures: Collection[str]) -> frozenset[str]:
        """Those of the signatures that a job is still active for, and none has COMPLETED."""
        active: set[str] = set()
        for chunk in _chunks(list(signatures)):
            rows = self._db.query(
                "SELECT signature FROM jobs WHERE signature IN"
                f" ({', '.join('?' * len(chunk))}) GROUP BY signature"
                f" HAVING NOT max(state = '{State.COMPLETED.value}')"
                f" AND max(state NOT IN ({_FINAL}))",
                chunk,
            )
            active.update(signature for (signature,) in rows)
        return frozenset(active)


def _chunks(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
