"""Asking machines what has become of jobs: one poll a machine, judged and recorded."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sojourn.defaults import POLL_COST_FACTOR, POLL_COST_MOST
from sojourn.errors import SiteError
from sojourn.session.changes import Recorder
from sojourn.session.judging import Judgement, judge
from sojourn.session.links import Link
from sojourn.session.request import asked_walltime
from sojourn.session.settling import settle_many
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord, StateChange
from sojourn.values.messages import JobRef, PollAnswer, Settled

if TYPE_CHECKING:
    from sojourn.store.store import Store

_EARLIER = 2.0
"""A job was handed in by another computer, if the scheduler had it so many seconds before this
one knew of it: what is within that is rounding."""

_WAITING = frozenset({State.QUEUED, State.HELD})


def ref(record: JobRecord) -> JobRef:
    """What a backend is told about an attempt that was handed in."""
    return JobRef(
        record.signature, record.attempt, record.token, record.task_index, record.scheduler_id
    )


@dataclass(slots=True)
class Poller:
    """Polls one machine."""

    link: Link
    store: "Store"
    recorder: Recorder
    slept: bool = False
    """The clock has jumped or the computer has slept since the last poll: the time in between
    counts for nothing."""
    cost: float = 0.0
    """Seconds that the last poll cost the scheduler; connecting, failed tries and the pauses
    between them cost it nothing."""

    def earliest(self) -> float:
        """When the machine may be polled again, in seconds since the epoch: from the beginning of
        one poll to that of the next never less than five times what the first cost."""
        known = self.store.machine(self.link.name)
        if known is None or known.polled_at is None:
            return 0.0
        if known.polled_at > time.time():
            return 0.0  # by a clock that was set back since
        return known.polled_at + (POLL_COST_FACTOR - 1) * known.poll_seconds  # it is its end

    def poll(self, records: Sequence[JobRecord]) -> None:
        """Ask about jobs that were handed in, and record what has become of them.

        Raises:
            MachineError: the machine or its scheduler gave no answer; no state has changed.
        """
        self.find_unknown(records)
        known = [record for record in records if not _is_unknown(record)]
        if known:
            self._poll(known)

    def find_unknown(self, records: Sequence[JobRecord]) -> None:
        """Settle those whose submission has an unknown outcome: however lately the machine was
        polled, they are asked about.

        Raises:
            MachineError: the machine or its scheduler gave no answer; no state has changed.
        """
        unknown = [record for record in records if _is_unknown(record)]
        if unknown:
            self.find(unknown)

    def find(self, records: Sequence[JobRecord]) -> None:
        """Settle jobs whose submission has an unknown outcome."""
        context, backend = self.link.context, self.link.backend
        refs = [JobRef(r.signature, r.attempt, r.token, r.task_index) for r in records]
        answers = self.link.contact(lambda: backend.find(context, refs))
        settle_many(self.recorder, self.link, zip(records, answers, strict=True))

    def _poll(self, records: Sequence[JobRecord]) -> None:
        watched = self.link.watched_since_last_poll() and not self.slept
        refs = [ref(record) for record in records]
        answers = self.link.contact(lambda: self._timed(refs))
        records, answers = self._of_this_root(records, answers)
        now = time.time()
        self.store.update_machine(self.link.name, polled_at=now, poll_seconds=self.cost)
        changes: list[StateChange] = []
        updates: list[tuple[str, str, int | None, dict[str, Any]]] = []
        doubtful: list[JobRecord] = []
        for record, answer in zip(records, answers, strict=True):
            judgement = judge(
                record,
                answer,
                now,
                watched=watched,
                lost_after=self.link.machine.lost_after,
                walltime=asked_walltime(record),
            )
            fields = {**_learned(record, answer), **judgement.fields, "polled_at": now}
            if judgement.state is not record.state:
                changes.append(_change(record, answer, judgement, fields, now))
            else:
                if judgement.reason != record.reason:
                    fields["reason"] = judgement.reason
                updates.append((record.signature, record.machine, record.attempt, fields))
            if judgement.settle:
                doubtful.append(record)
        with self.store.transaction():
            self.store.update_many(updates)
        self.recorder.change_many(changes)
        if doubtful:
            self._settle_vanished(doubtful)
        self._end_children(
            [c.signature for c in changes if c.new in FINAL and c.new is not State.COMPLETED]
        )

    def _timed(self, refs: Sequence[JobRef]) -> list[PollAnswer]:
        """One try of a poll. A backend that runs no command on a trip is timed as a whole."""
        context, begun = self.link.context, time.monotonic()
        before = context.scheduler_seconds
        answers = self.link.backend.poll(context, refs)
        spent = context.scheduler_seconds - before
        self.cost = min(spent or time.monotonic() - begun, POLL_COST_MOST)
        return answers

    def _of_this_root(
        self, records: Sequence[JobRecord], answers: Sequence[PollAnswer]
    ) -> tuple[list[JobRecord], list[PollAnswer]]:
        """Those handed in to the root that has answered: another one says nothing about them.

        Raises:
            SiteError: none of them was; no state has changed.
        """
        context = self.link.context
        pairs = [
            (record, answer)
            for record, answer in zip(records, answers, strict=True)
            if not context.root or not record.root_id or record.root_id == context.root_id
        ]
        if records and not pairs:
            why = f"is not the root that {len(records)} jobs were handed in to"
            raise SiteError(
                f"{context.root} {why if context.root_id else 'is not there (not mounted?)'}",
                machine=self.link.name,
                hint="nothing was changed; check the machine's `root` in machines.yaml",
            )
        return [record for record, _ in pairs], [answer for _, answer in pairs]

    def _settle_vanished(self, records: Sequence[JobRecord]) -> None:
        """Before a job is LOST it is looked for by name, and its attempt closed."""
        context, backend = self.link.context, self.link.backend
        answers = self.link.contact(lambda: backend.find(context, [ref(r) for r in records]))
        for record, answer in zip(records, answers, strict=True):
            present = self.store.get(record.signature, record.machine)
            if present is None or present.state in FINAL:
                continue
            followed = answer.outcome is Settled.HANDED_IN and answer.scheduler_id
            if followed and answer.scheduler_id != record.scheduler_id:
                settle_many(self.recorder, self.link, [(present, answer)])
            elif answer.outcome is not Settled.PENDING:
                gone = f"no sign of it for {present.absent_watched:.0f} s"
                # What the scheduler had called ended, and had never started, was deleted.
                ended = answer.outcome is Settled.CLOSED and present.state is State.FINISHING
                self.recorder.advance(
                    present,
                    State.CANCELLED if ended else State.LOST,
                    f"{gone}: {answer.reason or present.reason or 'the scheduler no longer knows it'}",
                    evidence=answer.evidence,
                    source="poll",
                    finished_at=time.time(),
                )

    def _end_children(self, failed: Sequence[str]) -> None:
        """A failed parent cancels its children: those in the queue in one trip."""
        if not failed:
            return
        lost = set(failed)
        active = [s for s in State if s not in FINAL]
        children: dict[str, tuple[JobRecord, str]] = {}
        records = self.store.select(machine=self.link.name, states=active, newest_first=False)
        grown = True
        while grown:
            grown = False
            for record in records:
                parent = next((p for p in record.parents if p in lost), None)
                if parent is not None and record.signature not in children:
                    children[record.signature] = (record, parent)
                    lost.add(record.signature)
                    grown = True
        queued = [record for record, _ in children.values() if record.state in _WAITING]
        if queued:
            context, backend = self.link.context, self.link.backend
            self.link.contact(lambda: backend.cancel(context, [ref(r) for r in queued]))
        for record, parent in children.values():
            if record.state in _WAITING or record.state is State.NEW:
                reason = f"its parent {parent[:12]} did not end well"
                self.recorder.advance(
                    record, State.CANCELLED, reason, source="parent", blocked_by=parent,
                    finished_at=time.time(),
                )  # fmt: skip


def _is_unknown(record: JobRecord) -> bool:
    return record.state is State.SUBMITTING or not record.scheduler_id


def _learned(record: JobRecord, answer: PollAnswer) -> dict[str, Any]:
    """What a poll says beyond the state: an id that outranks ours, when others handed it in, usage."""
    fields: dict[str, Any] = {}
    site, word = answer.site, answer.word
    if site is not None and site.started_id and site.started_id != record.scheduler_id:
        fields["scheduler_id"] = site.started_id
    at = record.submitted_at
    if at is not None and word.submitted_at is not None and word.submitted_at < at - _EARLIER:
        fields["submitted_at"] = word.submitted_at
    if word.usage is not None:
        fields["usage"] = json.dumps(asdict(word.usage))
    return fields


def _change(
    record: JobRecord, answer: PollAnswer, judged: Judgement, fields: dict[str, Any], now: float
) -> StateChange:
    if judged.exit_code is not None:
        fields["exit_code"] = judged.exit_code
    return StateChange(
        record.signature,
        record.machine,
        record.state,
        record.attempt,
        judged.state,
        now,
        reason=judged.reason,
        evidence=_evidence(answer),
        source="poll",
        fields=fields,
    )


def _evidence(answer: PollAnswer) -> str:
    """What the judgement rests on, as a person would want to see it."""
    word, site = answer.word, answer.site
    lines = [f"scheduler: {word.phase}" + (f" ({word.native})" if word.native else "")]
    if word.raw:
        lines.append(word.raw)
    if site is None:
        return "\n".join(lines)
    if site.id_error:
        lines.append(f"machine: {site.id_error}")
    if not site.present:
        lines.append("machine: the job's directory is not there")
    elif site.exit is not None:
        end = site.exit
        lines.append(
            f"exit file: status {end.status}, decided by {end.phase}: {end.detail}".rstrip(": ")
        )
    else:
        state = "closed" if site.closed else "started" if site.started else "not started"
        lines.append(f"machine: {state}, no exit file {site.exit_error}".rstrip())
    return "\n".join(lines)
