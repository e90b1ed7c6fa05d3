"""Recording changes of state, and telling listeners of each once."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sojourn.states import State, may_become
from sojourn.store.records import JobRecord, StateChange

if TYPE_CHECKING:
    from sojourn.plugins.registry import Registry
    from sojourn.store.store import Store
    from sojourn.values.events import JobEvent


class Recorder:
    """Writes changes to the store and tells the plugins what was recorded."""

    def __init__(self, store: "Store", registry: "Registry") -> None:
        self.store = store
        self._registry = registry

    def change(
        self,
        record: JobRecord,
        state: State,
        reason: str = "",
        *,
        evidence: str = "",
        source: str = "",
        **fields: Any,
    ) -> "JobEvent | None":
        """Record one change of a job that still is what `record` says."""
        change = StateChange(
            record.signature,
            record.machine,
            record.state,
            record.attempt,
            state,
            time.time(),
            reason=reason,
            evidence=evidence,
            source=source,
            fields=fields,
        )
        return self.change_many([change])[0]

    def change_many(self, changes: Sequence[StateChange]) -> list["JobEvent | None"]:
        """Record many changes in one transaction; None for those that another process made."""
        events = self.store.change_many(changes) if changes else []
        for event in events:
            if event is not None:
                self._registry.tell("sojourn_job_event", event=event)
        return events

    def advance(self, record: JobRecord, state: State, reason: str = "", **more: Any) -> None:
        """Bring a job to `state`, from wherever another process has brought it meanwhile."""
        present: JobRecord | None = record
        for _ in range(3):
            if present is None or present.attempt != record.attempt:
                return
            if present.state is state or not may_become(present.state, state):
                return
            if self.change(present, state, reason, **more) is not None:
                return
            present = self.store.get(record.signature, record.machine)

    def next_attempt(self, record: JobRecord, reason: str, **fields: Any) -> "JobEvent | None":
        """Go on to the next attempt, NEW; the old one stays in the history."""
        event = self.store.new_attempt(
            record.signature,
            record.machine,
            expected=record.state,
            expected_attempt=record.attempt,
            reason=reason,
            **fields,
        )
        if event is not None:
            self._registry.tell("sojourn_job_event", event=event)
        return event
