"""Remembered values of ordinary steps."""

import time
from collections.abc import Iterable

from sojourn.store.connection import Database
from sojourn.store.plans import StepRecord
from sojourn.store.rows import Table

_STEPS = Table("steps", StepRecord)
_CREATED = _STEPS.columns.index("created_at")


class Steps:
    """The part of the store about steps."""

    _db: Database

    def put_steps(self, records: Iterable[StepRecord]) -> None:
        """Remember values; one that is remembered already is replaced."""
        now = time.time()
        with self._db.transaction() as connection:
            for record in records:
                row = _STEPS.write(record)
                row[_CREATED] = row[_CREATED] or now
                connection.execute(_STEPS.replace, row)

    def step(self, signature: str) -> StepRecord | None:
        """The remembered step, or None."""
        row = self._db.first(f"{_STEPS.select} WHERE signature = ?", (signature,))
        return None if row is None else _STEPS.read(row)

    def steps(self, workflow: str | None = None) -> tuple[StepRecord, ...]:
        """Remembered steps, of one workflow if given, the newest first."""
        rows = self._db.query(
            f"{_STEPS.select} WHERE workflow = ifnull(?, workflow)"
            " ORDER BY created_at DESC, rowid DESC",
            (workflow,),
        )
        return tuple(map(_STEPS.read, rows))

    def forget_steps(self, signatures: Iterable[str]) -> int:
        """Forget remembered values, so that the steps run again; how many there were."""
        with self._db.transaction() as connection:
            return sum(
                connection.execute("DELETE FROM steps WHERE signature = ?", (signature,)).rowcount
                for signature in signatures
            )
