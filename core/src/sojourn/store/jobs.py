"""Jobs in the store: putting them in, finding them, and fields that are no change of state."""

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sojourn.states import State
from sojourn.store.connection import Database
from sojourn.store.records import JobLine, JobRecord
from sojourn.store.rows import Table, plain

JOBS = Table("jobs", JobRecord)
_LINES = Table("jobs", JobLine)

_KEY = " WHERE signature = ? AND machine = ?"
_GET = JOBS.select + _KEY
_AT_ONCE = 500
"""Variables of one statement: old releases of SQLite take 999."""
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
        records = list(records)
        with self._db.transaction() as connection:
            known = self._known([(record.signature, record.machine) for record in records])
            added, rows = [], []
            for record in records:
                key = (record.signature, record.machine)
                added.append(key not in known)
                if key not in known:
                    known.add(key)
                    row = JOBS.write(record)
                    row[_CREATED] = row[_CREATED] or now
                    row[_UPDATED] = now
                    rows.append(row)
            connection.executemany(JOBS.insert, rows)
        return added

    def get(self, signature: str, machine: str) -> JobRecord | None:
        """The job on that machine, or None."""
        row = self._db.first(_GET, (signature, machine))
        return None if row is None else JOBS.read(row)

    def get_many(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], JobRecord]:
        """The jobs of these (signature, machine), by key; unknown ones are left out."""
        wanted = list(dict.fromkeys(keys))
        found = {
            (job.signature, job.machine): job
            for rows in in_pieces(self._db, JOBS.select, wanted)
            for job in map(JOBS.read, rows)
        }
        return {key: found[key] for key in wanted if key in found}

    def _known(self, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the keys that are there."""
        pieces = in_pieces(self._db, "SELECT signature, machine FROM jobs", keys)
        return {(signature, machine) for rows in pieces for signature, machine in rows}

    def by_signature(self, signature: str) -> tuple[JobRecord, ...]:
        """The job on every machine that has it, the first recorded first."""
        rows = self._db.query(
            f"{JOBS.select} WHERE signature = ? ORDER BY created_at, rowid", (signature,)
        )
        return tuple(map(JOBS.read, rows))

    def by_signatures(self, signatures: Iterable[str]) -> dict[str, tuple[JobRecord, ...]]:
        """As `by_signature`, for many at once; those that no machine has are left out."""
        found: dict[str, tuple[JobRecord, ...]] = {}
        for piece in pieces(list(dict.fromkeys(signatures))):
            rows = self._db.query(
                f"{JOBS.select} WHERE signature IN ({marks(piece)}) ORDER BY created_at, rowid",
                piece,
            )
            for job in map(JOBS.read, rows):
                found[job.signature] = (*found.get(job.signature, ()), job)
        return found

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
        current: bool = False,
        limit: int | None = None,
        newest_first: bool = True,
    ) -> tuple[JobRecord, ...]:
        """Jobs that answer to everything given, by the time they were recorded.

        A job belongs to a workflow (and is a step there) if it was recorded for it or is
        among its members; it is given once, however often it is a member. With `current` only
        the jobs of the last run of `workflow` are given (see `store.generations`).
        """
        where, parameters = _conditions(workflow, step, states, machine, current)
        down = " DESC" if newest_first else ""
        rows = self._db.query(
            f"{JOBS.select}{where} ORDER BY created_at{down}, rowid{down} LIMIT ?",
            (*parameters, -1 if limit is None else limit),
        )
        return tuple(map(JOBS.read, rows))

    def needing_person(self) -> tuple[JobRecord, ...]:
        """Jobs that remain as they are until somebody changes something: see
        `JobRecord.needs_person`."""
        waiting = ", ".join(f"'{state}'" for state in (State.NEW, State.QUEUED, State.HELD))
        rows = self._db.query(
            f"{JOBS.select} WHERE state IN ({waiting}) AND (never_starts OR refused)"
            " ORDER BY created_at, rowid"
        )
        return tuple(job for job in map(JOBS.read, rows) if job.needs_person)

    def listing(
        self,
        *,
        workflow: str | None = None,
        step: str | None = None,
        states: Collection[State] | None = None,
        machine: str | None = None,
        current: bool = False,
        limit: int | None = None,
    ) -> tuple[JobLine, ...]:
        """As `select`, newest first, with only what a list shows: several times as fast."""
        where, parameters = _conditions(workflow, step, states, machine, current)
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
        current: bool = False,
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
        where, parameters = _conditions(workflow, step, states, machine, current)
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
            for names, group in groupby(updates, lambda update: tuple(update[3])):
                rows = []
                for signature, machine, attempt, values in group:
                    refuse(values)
                    rows.append(
                        (*map(plain, values.values()), now, signature, machine, attempt or 0)
                    )
                assigned = JOBS.assignments(dict.fromkeys((*names, "updated_at")))
                done += connection.executemany(
                    f"UPDATE jobs SET {assigned}{_KEY} AND ? IN (attempt, 0)", rows
                ).rowcount
        return done

    def delete_job(self, signature: str, machine: str) -> bool:
        """Forget a job with its history and memberships; False if there is none."""
        with self._db.transaction() as connection:
            for table in ("events", "attempts", "memberships"):
                connection.execute(f"DELETE FROM {table}{_KEY}", (signature, machine))
            gone = connection.execute(f"DELETE FROM jobs{_KEY}", (signature, machine))
            return gone.rowcount == 1


def in_pieces(db: Database, select: str, keys: Iterable[tuple[str, str]]) -> Iterator[list[Any]]:
    """The rows of these (signature, machine), asked for many at once."""
    machines: dict[str, list[str]] = {}
    for signature, machine in keys:
        machines.setdefault(machine, []).append(signature)
    for machine, signatures in machines.items():
        for piece in pieces(signatures):
            yield db.query(
                f"{select} WHERE machine = ? AND signature IN ({marks(piece)})",
                (machine, *piece),
            )


def pieces(words: list[str]) -> Iterator[list[str]]:
    """The words in lists short enough for the variables of one statement."""
    return (words[at : at + _AT_ONCE] for at in range(0, len(words), _AT_ONCE))


def marks(words: Sequence[str]) -> str:
    """A question mark for each."""
    return ", ".join("?" * len(words))


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
    current: bool = False,
) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = []
    given = {
        name: value for name, value in (("workflow", workflow), ("step", step)) if value is not None
    }
    if given:
        own = " AND ".join(f"{name} = ?" for name in given)
        last = current and workflow is not None
        never_run = " AND workflow NOT IN (SELECT workflow FROM memberships)" if last else ""
        conditions.append(
            f"(({own}{never_run}) OR (signature, machine) IN"
            f" (SELECT signature, machine FROM memberships WHERE {own}{' AND current' * last}))"
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
