"""Changes of state: checked, recorded with their evidence, and told exactly once."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sojourn.errors import StoreError
from sojourn.states import State, may_become
from sojourn.store.connection import Database
from sojourn.store.jobs import JOBS, in_pieces, refuse
from sojourn.store.records import NEW_ATTEMPT, StateChange
from sojourn.store.rows import plain
from sojourn.values.events import JobEvent

EVIDENCE_LIMIT = 64 * 1024
"""Most characters of evidence kept for one change."""

_READ = "SELECT signature, machine, state, attempt, name, workflow, step, exit_code FROM jobs"
_KEY = " WHERE signature = ? AND machine = ?"
_EVENT = (
    "INSERT INTO events (signature, machine, attempt, at, old, new, reason, exit_code,"
    " source, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Changes:
    """The part of the store that changes states. Of several processes that saw the same
    change, one is given the event; the others are given None and read again."""

    _db: Database

    def change(
        self,
        signature: str,
        machine: str,
        *,
        expected: State,
        expected_attempt: int,
        new_state: State,
        at: float | None = None,
        reason: str = "",
        evidence: str = "",
        source: str = "",
        **fields: Any,
    ) -> JobEvent | None:
        """Record that a job has become `new_state`, with other fields that change with it.

        Returns the event to tell listeners, or None if the job is not in the state and
        attempt that the caller had read: another process was here first, so read again.
        `reason` is also the record's new reason. `at` is now if it is not given.

        Raises:
            StoreError: the change is not legal, or the store cannot be written.
            TypeError: a field that does not exist or is not set this way.
        """
        change = StateChange(
            signature=signature,
            machine=machine,
            expected=expected,
            attempt=expected_attempt,
            new=new_state,
            at=time.time() if at is None else at,
            reason=reason,
            evidence=evidence,
            source=source,
            fields=fields,
        )
        return self.change_many([change])[0]

    def change_many(self, changes: Iterable[StateChange]) -> list[JobEvent | None]:
        """Record many changes in one transaction, and answer each as `change` does.

        An illegal one raises, and none of them is recorded.
        """
        now = time.time()
        changes = list(changes)
        with self._db.transaction() as connection:
            if len({(change.signature, change.machine) for change in changes}) < len(changes):
                return [self._record([change], now, connection)[0] for change in changes]
            return self._record(changes, now, connection)

    def _record(
        self, changes: Sequence[StateChange], now: float, connection: sqlite3.Connection
    ) -> list[JobEvent | None]:
        """Record changes of different jobs, with few statements however many they are."""
        read = dict(self._read((change.signature, change.machine) for change in changes))
        events: list[JobEvent | None] = []
        updates: dict[tuple[str, ...], list[list[Any]]] = {}
        history: list[tuple[Any, ...]] = []
        for change in changes:
            row = read.get((change.signature, change.machine))
            if row is None or row[0] != change.expected.value or row[1] != change.attempt:
                events.append(None)
                continue
            fields = _fields(change, now)
            values = [*map(plain, fields.values()), change.signature, change.machine]
            updates.setdefault(tuple(fields), []).append(values)
            event = _event(change, fields["attempt"], fields.get("exit_code", row[5]), row[2:5])
            history.append(_line(event, change))
            events.append(event)
        for names, rows in updates.items():
            assigned = JOBS.assignments(dict.fromkeys(names))
            connection.executemany(f"UPDATE jobs SET {assigned}{_KEY}", rows)
        connection.executemany(_EVENT, history)
        return events

    def _read(
        self, keys: Iterable[tuple[str, str]]
    ) -> Iterator[tuple[tuple[str, str], Sequence[Any]]]:
        for rows in in_pieces(self._db, _READ, keys):
            for signature, machine, *row in rows:
                yield (signature, machine), row

    def new_attempt(
        self,
        signature: str,
        machine: str,
        *,
        expected: State,
        expected_attempt: int,
        at: float | None = None,
        reason: str = "",
        evidence: str = "",
        source: str = "retry",
        **fields: Any,
    ) -> JobEvent | None:
        """Go on to the next attempt, in state NEW; the old one stays in the history.

        Fields about a run begin anew; `fields` may set others (`resources`, `job`). Returns
        None if the job is not in the state and attempt that the caller had read.
        """
        change = StateChange(
            signature=signature,
            machine=machine,
            expected=expected,
            attempt=expected_attempt,
            new=State.NEW,
            at=time.time() if at is None else at,
            reason=reason,
            evidence=evidence,
            source=source,
            fields=fields,
            next_attempt=True,
        )
        return self.change_many([change])[0]


def _fields(change: StateChange, now: float) -> dict[str, Any]:
    """Every field that a change writes."""
    old, new = change.expected, change.new
    if (old == new and not change.next_attempt) or not may_become(old, new):
        raise StoreError(
            f"job {change.signature[:12]} on {change.machine}: {old} cannot become {new}"
        )
    refuse(change.fields)
    begun = NEW_ATTEMPT if change.next_attempt else {}
    attempt = change.attempt + change.next_attempt
    fields = {**begun, **change.fields, "state": new, "attempt": attempt}
    return fields | {"reason": change.reason, "updated_at": now}


def _event(
    change: StateChange, attempt: int, exit_code: int | None, about: Sequence[str]
) -> JobEvent:
    name, workflow, step = about
    return JobEvent(
        signature=change.signature,
        machine=change.machine,
        name=name,
        attempt=attempt,
        old=change.expected,
        new=change.new,
        at=change.at,
        reason=change.reason,
        exit_code=exit_code,
        workflow=workflow,
        step=step,
    )


def _line(event: JobEvent, change: StateChange) -> tuple[Any, ...]:
    return (
        *(event.signature, event.machine, event.attempt, event.at),
        *(event.old.value, event.new.value, plain(event.reason), event.exit_code),
        *(change.source, plain(change.evidence[:EVIDENCE_LIMIT])),
    )
