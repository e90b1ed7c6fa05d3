"""Which suspended workflows can go on: followed by what happens, not by asking about every job."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.processes import is_dead
from sojourn.states import FINAL
from sojourn.store.history import EventRecord
from sojourn.store.plans import WorkflowRecord

if TYPE_CHECKING:
    from sojourn.store.store import Store


@dataclass(slots=True)
class Waiting:
    """A workflow and what it waits for. `out` are signatures whose jobs are still active."""

    record: WorkflowRecord
    signatures: frozenset[str]
    out: set[str] = field(default_factory=set)

    @property
    def ended(self) -> int:
        """How many of its jobs have ended."""
        return len(self.signatures) - len(self.out)

    @property
    def ready(self) -> bool:
        """Whether all have."""
        return not self.out

    def ready_for(self, *, some: bool) -> bool:
        """Whether it can go on: all have ended, or with `some` at least one."""
        return self.ready or (some and self.ended > 0)

    @property
    def key(self) -> str:
        """Names this suspension: another one of the same workflow has another."""
        return f"{self.record.last_run_at or 0:.6f}/{len(self.signatures)}"


class Readiness:
    """Keeps track of what suspended workflows wait for."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self.waiting: dict[str, Waiting] = {}

    def look(self, events: Sequence[EventRecord]) -> None:
        """Take up the workflows as they are now, and what has happened since the last look."""
        records = {record.name: record for record in self._store.workflows() if suspended(record)}
        for name in self.waiting.keys() - records.keys():
            del self.waiting[name]
        changed = {e.signature for e in events if e.new in FINAL or e.old in FINAL}
        for name, record in records.items():
            known = self.waiting.get(name)
            if known is None or _identity(known.record) != _identity(record):
                signatures = frozenset(record.suspended_on)
                out = set(self._store.unfinished(signatures))
                self.waiting[name] = Waiting(record, signatures, out)
                continue
            known.record = record
            again = known.signatures & changed
            if again:
                known.out -= again
                known.out |= self._store.unfinished(again)


def suspended(record: WorkflowRecord) -> bool:
    """Whether a workflow waits to be resumed: it has suspended, or whoever ran it was killed."""
    if record.status == "suspended":
        return True
    return record.status == "running" and bool(record.owner) and is_dead(record.owner)


def same_run(one: WorkflowRecord, other: WorkflowRecord) -> bool:
    """Whether resuming one is resuming the other: they are made by the same script."""
    return bool(one.script) and _command(one) == _command(other)


def _command(record: WorkflowRecord) -> tuple[str, ...]:
    return record.script, record.arguments, record.directory


def _identity(record: WorkflowRecord) -> tuple[float | None, Iterable[str]]:
    return record.last_run_at, record.suspended_on
