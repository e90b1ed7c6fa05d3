"""Cancel, hold and release: asked of the machine in one trip, and recorded as far as known."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.session.changes import Recorder
from sojourn.session.links import Link
from sojourn.session.polling import ref
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord, StateChange
from sojourn.values.messages import Change, Changed

if TYPE_CHECKING:
    from sojourn.store.store import Store


@dataclass(slots=True)
class Changer:
    """Changes jobs on one machine."""

    link: Link
    store: "Store"
    recorder: Recorder

    def cancel(self, records: Sequence[JobRecord]) -> list[Change]:
        """End jobs. One that had ended already is left alone and said so.

        Raises:
            MachineError: the machine could not be asked; what is NEW is cancelled all the same.
        """
        answers: dict[str, Change] = {}
        there: list[JobRecord] = []
        for record in records:
            if record.state in FINAL:
                answers[record.signature] = _finished(record)
            elif record.state is State.NEW:
                self.recorder.advance(
                    record, State.CANCELLED, "cancelled before it was handed in", source="cancel",
                    finished_at=time.time(),
                )  # fmt: skip
                answers[record.signature] = _change(record, Changed.NEVER_RUNS)
            else:
                there.append(record)
        if there:
            # Said before it is asked: if the answer is lost, a job that vanishes was cancelled.
            self.store.update_many(
                (r.signature, r.machine, r.attempt, {"cancel_requested": True}) for r in there
            )
            context, backend = self.link.context, self.link.backend
            refs = [ref(record) for record in there]
            for answer in self.link.contact(lambda: backend.cancel(context, refs)):
                answers[answer.signature] = answer
            self._record(there, answers)
        return [answers[record.signature] for record in records]

    def _record(self, records: Sequence[JobRecord], answers: Mapping[str, Change]) -> None:
        never = [r for r in records if answers[r.signature].outcome is Changed.NEVER_RUNS]
        now = time.time()
        reason = "cancelled before it started"
        changes = [
            StateChange(
                r.signature,
                r.machine,
                r.state,
                r.attempt,
                State.CANCELLED,
                now,
                reason,
                answers[r.signature].evidence,
                "cancel",
                {"finished_at": now},
            )
            for r in never
        ]
        for record, event in zip(never, self.recorder.change_many(changes), strict=True):
            if event is None:
                self.recorder.advance(record, State.CANCELLED, reason, source="cancel")
        self.store.update_many(
            (r.signature, r.machine, r.attempt, {"cancel_requested": False})
            for r in records
            if _goes_on(r, answers[r.signature].outcome)
        )

    def hold(self, records: Sequence[JobRecord]) -> list[Change]:
        """Keep waiting jobs from starting."""
        return self._ask(records, hold=True)

    def release(self, records: Sequence[JobRecord]) -> list[Change]:
        """Let held jobs start again."""
        return self._ask(records, hold=False)

    def _ask(self, records: Sequence[JobRecord], *, hold: bool) -> list[Change]:
        context, backend = self.link.context, self.link.backend
        answers = {r.signature: _finished(r) for r in records if r.state in FINAL}
        asked = [r for r in records if r.signature not in answers and r.scheduler_id]
        refs = [ref(record) for record in asked]
        ask = backend.hold if hold else backend.release
        for answer in self.link.contact(lambda: ask(context, refs)) if refs else ():
            answers[answer.signature] = answer
        old, new = (State.QUEUED, State.HELD) if hold else (State.HELD, State.QUEUED)
        for record in asked:
            if answers[record.signature].outcome is Changed.DONE and record.state is old:
                self.recorder.advance(record, new, source="hold" if hold else "release")
        reason = "it is not in the queue"
        return [answers.get(r.signature) or _change(r, Changed.REFUSED, reason) for r in records]


def _goes_on(record: JobRecord, outcome: Changed) -> bool:
    """Whether a cancel has changed nothing. One of which nothing is known may be ending, if it was
    cancelled before."""
    unknown = outcome is Changed.ABSENT and not record.cancel_requested
    return unknown or outcome is Changed.REFUSED


def _finished(record: JobRecord) -> Change:
    return _change(record, Changed.FINISHED, f"it is {record.state} already; nothing was changed")


def _change(record: JobRecord, outcome: Changed, reason: str = "") -> Change:
    return Change(record.signature, record.attempt, outcome, reason)
