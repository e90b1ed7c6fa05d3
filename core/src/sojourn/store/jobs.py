"""Jobs in the store: putting them in, finding them, and fields that are no change of state."""

import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sojourn.states import State
from sojourn.store.connection import Database
from sojourn.store.records import JobLine, JobRecord
from sojourn.store.rows import Table, plain

JOBS = Table("jobs", JobRecord)
_LINES = Table("jobs", JobLine)

_KEY = " WHERE signature = ? AND machine = ?"
_GET = JOBS.select + _KEY
_KEPT = frozenset({"signature", "machine", "state", "attempt", "created_at", "updated_at"})
"""Fields that only `put_jobs` and the recorded changes write."""


class Jobs:
    """The part of the store about jobs."""

    _db: Database

    def put_jobs(self, records: Iterable[JobRecord]) -> list[bool]:
        """Add jobs, and say of each whether it is new; one that is there stays as it is.

        `created_at` is now where it is not given.
        """
        now = time.time()
        added = []
        with self._db.transaction() as connection:
            for record in records:
                row = JOBS.write(record)
                row[_CREATED] = row[_CREATED] or now
                row[_UPDATED] = now
                added.append(connection.execute(JOBS.insert, row).rowcount == 1)
        return added

    def get(self, signature: str, machine: str) -> JobRecord | None:
        """The job on that machine, or None."""
        row = self._db.first(_GET, (signature, machine))
        return None if row is None else JOBS.read(row)

    def get_many(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], JobRecord]:
        """The jobs of these (signature, machine), by key; unknown ones are left out."""
        found = (self.get(*key) for key in keys)
        return {(job.signature, job.machine): job for job in found if job is not None}

    def by_signature(self, signature: str) -> tuple[JobRecord, ...]:
        """The job on every machine that has it, the first recorded first."""
        rows = self._db.query(
            f"{JOBS.select} WHERE signature = ? ORDER BY created_at, rowid", (signature,)
        )
        return tuple(map(JOBS.read, rows))

    def find_prefix(self, prefix: str, limit: int = 100) -> tuple[JobRecord, ...]:
        """Jobs whose signature begins with `prefix`, in order of their signatures."""
        low = prefix.lower()
        if re.fullmatch("[0-9a-f]+", low) is None:
            return ()
        rows = self._db.query(
            f"{JOBS.select} WHERE signature >= ? AND signature < ?"
            " ORDER BY signature, created_at, rowid LIMIT ?",
            (low, low + "g", limit),
        )
        return tuple(map(JOBS.read, rows))

    def by_scheduler_id(self, machine: str, scheduler_id: str) -> tuple[JobRecord, ...]:
        """Jobs whose newest attempt has that id on that machine; the newest first."""
        rows = self._db.query(
            f"{JOBS.select} WHERE scheduler_id = ? AND scheduler_id <> '' AND machine = ?"
            " ORDER BY submitted_at DESC",
            (scheduler_id, machine),
        )
        return tuple(map(JOBS.read, rows))

    def select(
        self,
        *,
        workflow: str | None = None,
        step: str | None = None,
        states: Collection[State] | None = None,
        machine: str | None = None,
        limit: int | None = None,
        newest_first: bool = True,
    ) -> tuple[JobRecord, ...]:
        """Jobs that answer to everything given, by the time they were recorded.

        A job belongs to a workflow (and is a step there) if it was recorded for it or is
        among its members; it is given once, however often it is a member.
        """
        where, parameters = _conditions(workflow, step, states, machine)
        down = " DESC" if newest_first else ""
        rows = self._db.query(
            f"{JOBS.select}{where} ORDER BY created_at{down}, rowid{down} LIMIT ?",
            (*parameters, -1 if limit is None else limit),
        )
        return tuple(map(JOBS.read, rows))

    def listing(
        self,
        *,
        workflow: str | None = None,
        step: str | None = None,
        states: Collection[State] | None = None,
        machine: str | None = None,
        limit: int | None = None,
    ) -> tuple[JobLine, ...]:
        """As `select`, newest first, with only what a list shows: several times as fast."""
        where, parameters = _conditions(workflow, step, states, machine)
        rows = self._db.query(
            f"{_LINES.select}{where} ORDER BY created_at DESC, rowid DESC LIMIT ?",
            (*parameters, -1 if limit is None else limit),
        )
        return tuple(map(_LINES.read, rows))

    def columns(
        self,
        names: Sequence[str],
        *,
        workflow: str | None = None,
        step: str | None = None,
        states: Collection[State] | None = None,
        machine: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        """As `listing`, newest first, as one tuple of plain values for each of `names`: what a
        table of thousands is made of. States are their words, switches 0 and 1.

        Raises:
            TypeError: a name that `JobLine` does not have.
        """
        unknown = set(names) - set(_LINES.columns)
        if unknown:
            raise TypeError(f"jobs have no {', '.join(sorted(unknown))}")
        where, parameters = _conditions(workflow, step, states, machine)
        rows = self._db.query(
            f"SELECT {', '.join(names)} FROM jobs{where}"
            " ORDER BY created_at DESC, rowid DESC LIMIT ?",
            (*parameters, -1 if limit is None else limit),
        )
        return list(zip(*rows, strict=True)) if rows else [()] * len(names)

    def counts(
        self, *, workflow: str | None = None, step: str | None = None, machine: str | None = None
    ) -> dict[State, int]:
        """How many such jobs are in each state; states that none is in are left out."""
        where, parameters = _conditions(workflow, step, None, machine)
        rows = self._db.query(
            f"SELECT state, count(*) FROM jobs{where} GROUP BY state",
            parameters,
        )
        return {State(state): number for state, number in rows}

    def machines_with(self, states: Collection[State]) -> dict[str, int]:
        """How many jobs in these states each machine has; machines without are left out."""
        where, parameters = _conditions(None, None, states, None)
        rows = self._db.query(
            f"SELECT machine, count(*) FROM jobs{where} GROUP BY machine",
            parameters,
        )
        return dict(rows)

    def update_fields(
        self,
        signature: str,
        machine: str,
        *,
        expected_attempt: int | None = None,
        **values: Any,
    ) -> bool:
        """Set fields that are no change of state; False if there is no such job (or attempt).

        Raises:
            TypeError: a field that does not exist or is not set this way.
        """
        return self.update_many([(signature, machine, expected_attempt, values)]) == 1

    def update_many(self, updates: Iterable[tuple[str, str, int | None, Mapping[str, Any]]]) -> int:
        """The same for many (signature, machine, attempt or None, fields); how many were set."""
        now = time.time()
        done = 0
        with self._db.transaction() as connection:
            for signature, machine, attempt, values in updates:
                refuse(values)
                names = JOBS.assignments({**values, "updated_at": now})
                done += connection.execute(
                    f"UPDATE jobs SET {names}{_KEY} AND ? IN (attempt, 0)",
                    (*map(plain, values.values()), now, signature, machine, attempt or 0),
                ).rowcount
        return done

    def delete_job(self, signature: str, machine: str) -> bool:
        """Forget a job with its history and memberships; False if there is none."""
        with self._db.transaction() as connection:
            for table in ("events", "attempts", "memberships"):
                connection.execute(f"DELETE FROM {table}{_KEY}", (signature, machine))
            gone = connection.execute(f"DELETE FROM jobs{_KEY}", (signature, machine))
            return gone.rowcount == 1


def refuse(values: Mapping[str, Any]) -> None:
    """Keep what the store itself writes from being set by hand."""
    wrong = _KEPT & values.keys()
    if wrong:
        raise TypeError(f"not set this way: {', '.join(sorted(wrong))}")


def _conditions(
    workflow: str | None,
    step: str | None,
    states: Collection[State] | None,
    machine: str | None,
) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = []
    given = {
        name: value for name, value in (("workflow", workflow), ("step", step)) if value is not None
    }
    if given:
        own = " AND ".join(f"{name} = ?" for name in given)
        conditions.append(
            f"(({own}) OR (signature, machine) IN"
            f" (SELECT signature, machine FROM memberships WHERE {own}))"
        )
        parameters += [*given.values(), *given.values()]
    if states is not None:
        conditions.append(f"state IN ({', '.join('?' * len(states))})")
        parameters += [state.value for state in states]
    if machine is not None:
        conditions.append("machine = ?")
        parameters.append(machine)
    return (" WHERE " + " AND ".join(conditions) if conditions else ""), parameters


_CREATED = JOBS.columns.index("created_at")
_UPDATED = JOBS.columns.index("updated_at")
