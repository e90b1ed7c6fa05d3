"""Changes of state: checked, recorded with their evidence, and told exactly once."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from sojourn.errors import StoreError
from sojourn.states import State, may_become
from sojourn.store.connection import Database
from sojourn.store.jobs import JOBS, refuse
from sojourn.store.records import NEW_ATTEMPT, StateChange
from sojourn.store.rows import plain
from sojourn.values.events import JobEvent

EVIDENCE_LIMIT = 64 * 1024
"""Most characters of evidence kept for one change."""

_READ = (
    "SELECT state, attempt, name, workflow, step, exit_code FROM jobs"
    " WHERE signature = ? AND machine = ?"
)
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
        with self._db.transaction() as connection:
            return [_record(connection.execute, change, now) for change in changes]

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


def _record(execute: Any, change: StateChange, now: float) -> JobEvent | None:
    row: Sequence[Any] | None = execute(_READ, (change.signature, change.machine)).fetchone()
    if row is None or row[0] != change.expected.value or row[1] != change.attempt:
        return None
    old, new = change.expected, change.new
    if (old == new and not change.next_attempt) or not may_become(old, new):
        raise StoreError(
            f"job {change.signature[:12]} on {change.machine}: {old} cannot become {new}"
        )
    refuse(change.fields)
    begun = NEW_ATTEMPT if change.next_attempt else {}
    attempt = change.attempt + change.next_attempt
    fields = {**begun, **change.fields, "state": new, "attempt": attempt}
    fields |= {"reason": change.reason, "updated_at": now}
    execute(
        f"UPDATE jobs SET {JOBS.assignments(fields)} WHERE signature = ? AND machine = ?",
        (*map(plain, fields.values()), change.signature, change.machine),
    )
    exit_code = fields.get("exit_code", row[5])
    execute(
        _EVENT,
        (change.signature, change.machine, attempt, change.at, old.value, new.value,
         plain(change.reason), exit_code, change.source,
         plain(change.evidence[:EVIDENCE_LIMIT])),
    )  # fmt: skip
    return JobEvent(
        signature=change.signature,
        machine=change.machine,
        name=row[2],
        attempt=attempt,
        old=old,
        new=new,
        at=change.at,
        reason=change.reason,
        exit_code=exit_code,
        workflow=row[3],
        step=row[4],
    )
