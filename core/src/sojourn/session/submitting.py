"""Handing jobs in: what the store says before, during and after the one trip to the machine."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sojourn.errors import ConnectionLost, SojournError, SubmitRefused
from sojourn.session.changes import Recorder
from sojourn.session.links import Link
from sojourn.session.orders import (
    Blocked,
    check_resources,
    effective_resources,
    make_order,
    user,
)
from sojourn.session.settling import settle_many
from sojourn.states import FINAL, HANDED_IN, State
from sojourn.store.records import JobRecord, StateChange
from sojourn.values.messages import JobOrder, JobRef, Settled, Settlement

if TYPE_CHECKING:
    from sojourn.identity.digests import DigestMemo
    from sojourn.identity.signature import SignedJob
    from sojourn.results.cache import ResultCache
    from sojourn.results.result import Result
    from sojourn.store.store import Store


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a job comes from, recorded with it."""

    workflow: str = ""
    step: str = ""
    version: str = ""


@dataclass(slots=True)
class Submitter:
    """Hands batches in to one machine."""

    link: Link
    store: "Store"
    results: "ResultCache"
    memo: "DigestMemo"
    recorder: Recorder
    refused: list[SubmitRefused] = field(default_factory=list)

    # --- what an order depends on (see orders.Surroundings) -----------------------------------------

    def record(self, signature: str) -> JobRecord | None:
        """The job of that signature on this machine."""
        return self.store.get(signature, self.link.name)

    def result(self, signature: str) -> "Result | None":
        """Its result, if it is here."""
        return self.results.get(signature)

    # --- the way in -----------------------------------------------------------------------------

    def enter(
        self,
        batch: Sequence["SignedJob"],
        origins: Mapping[str, Origin],
        attempts: Mapping[str, int] | None = None,
    ) -> None:
        """Record jobs that are not known yet, as NEW; `attempts` where it is not the first.

        Raises:
            UnsupportedResource: the machine cannot honour what one asks for; none is recorded.
        """
        records = []
        for signed in batch:
            resources = effective_resources(signed, self.link.machine)
            check_resources(resources, self.link.info, self.link.name)
            origin = origins.get(signed.signature, Origin())
            attempt = (attempts or {}).get(signed.signature, 1)
            records.append(self._new_record(signed, origin, attempt))
        self.store.put_jobs(records)

    def _new_record(self, signed: "SignedJob", origin: Origin, attempt: int) -> JobRecord:
        upstream = {id(one.job): one.signature for one in signed.upstream}
        return JobRecord(
            signature=signed.signature,
            machine=self.link.name,
            name=signed.job.name or "",
            backend=self.link.machine.backend,
            attempt=attempt,
            workflow=origin.workflow,
            step=origin.step,
            workflow_version=origin.version,
            user=user(),
            parents=signed.parents,
            resources=effective_resources(signed, self.link.machine).model_dump_json(
                exclude_defaults=True
            ),
            job=json.dumps(signed.job.to_json(upstream)),
            components=json.dumps(signed.components),
        )

    def submit(self, batch: Sequence["SignedJob"]) -> None:
        """Hand in those of the batch that are NEW, parents first, as many as the machine takes.

        Refusals of single jobs are collected in `refused`; their jobs stay NEW.

        Raises:
            MachineError: the machine could not be reached or could not take them. What is known
                not to be there is NEW again; what is not known is SUBMITTING and looked for at
                the next contact.
        """
        for _ in range(3):  # an attempt that was closed meanwhile makes room for the next one
            if not self._round(batch):
                return

    def _round(self, batch: Sequence["SignedJob"]) -> bool:
        """One trip; True if some attempts can now be handed in after all: another round."""
        orders = self._begin(self._orders(batch), {one.signature: one.consumed for one in batch})
        if not orders:
            return False
        context, backend = self.link.context, self.link.backend
        try:
            answers = self.link.contact(lambda: backend.submit(context, orders), repeat=False)
        except ConnectionLost as lost:
            return self._find_out(orders, lost)
        except SojournError as error:
            self._put_back(orders, error)
            raise
        return self._settle(orders, answers)

    def _orders(self, batch: Sequence["SignedJob"]) -> list[JobOrder]:
        room, pauses = self._room(), self.store.pauses()
        orders: list[JobOrder] = []
        waiting: list[tuple[JobRecord, str]] = []
        skipped: set[str] = set()
        for signed in _parents_first(batch):
            record = self._renewed(signed.signature)
            if record is None or record.state is not State.NEW or pauses.cover(record):
                continue
            if skipped.intersection(signed.parents) or self._parent_missing(signed, orders):
                skipped.add(signed.signature)
                continue
            about = self._about(record)
            made = make_order(signed, record, self.link.machine, self, self.memo, about)
            if isinstance(made, Blocked):
                skipped.add(signed.signature)
                self._block(record, made)
            elif len(orders) >= room:
                skipped.add(signed.signature)
                waiting.append(
                    (record, f"waits: at most {self.link.machine.max_jobs} jobs at a time")
                )
            else:
                orders.append(made)
        for record, reason in waiting:
            self._note(record, reason)
        return orders

    def _parent_missing(self, signed: "SignedJob", orders: Sequence[JobOrder]) -> bool:
        """Whether a parent is neither in the scheduler's hands nor handed in by this trip."""
        here = {order.signature for order in orders}
        parents = (self.record(p) for p in signed.parents if p not in here)
        return any(p is not None and p.state in (State.NEW, State.SUBMITTING) for p in parents)

    def _room(self) -> int:
        limit = self.link.machine.max_jobs
        if limit is None:
            return 10**9
        counts = self.store.counts(machine=self.link.name)
        return max(0, limit - sum(counts.get(state, 0) for state in HANDED_IN))

    def _renewed(self, signature: str) -> JobRecord | None:
        """The job; one that only its parent kept from running gets its next attempt."""
        record = self.record(signature)
        if record is None or record.state is not State.CANCELLED or not record.blocked_by:
            return record
        parent = self.record(record.blocked_by)
        if parent is not None and (parent.state not in FINAL or parent.state is State.COMPLETED):
            self.recorder.next_attempt(record, "its parent is on its way again")
            return self.record(signature)
        return record

    def _about(self, record: JobRecord) -> dict[str, Any]:
        return {
            "name": record.name,
            "machine": record.machine,
            "backend": record.backend,
            "workflow": record.workflow,
            "workflow_version": record.workflow_version,
            "step": record.step,
            "resources": record.resources,
            "attempt": record.attempt,
        }

    def _block(self, record: JobRecord, why: Blocked) -> None:
        if why.failed:
            self.recorder.change(
                record, State.CANCELLED, why.reason, source="submit", blocked_by=why.parent
            )
        else:
            self._note(record, why.reason)

    def _note(self, record: JobRecord, reason: str) -> None:
        if record.reason != reason:
            self.store.update_fields(record.signature, record.machine, reason=reason)

    # --- around the trip ------------------------------------------------------------------------

    def _begin(
        self, orders: list[JobOrder], consumed: Mapping[str, Mapping[str, str]]
    ) -> list[JobOrder]:
        """Mark as SUBMITTING before anything is contacted; what another process has is left out.

        What goes in is recorded with it: digests of files, also of those that steps have made.
        """
        now = time.time()
        changes = [
            replace(
                self._change(order, State.NEW, State.SUBMITTING, now),
                fields={"consumed": json.dumps(dict(consumed.get(order.signature, {})))},
            )
            for order in orders
        ]
        events = self.recorder.change_many(changes)
        return [order for order, event in zip(orders, events, strict=True) if event is not None]

    def _put_back(self, orders: Sequence[JobOrder], error: SojournError) -> None:
        now = time.time()
        reason = f"could not be handed in: {error}"
        self.recorder.change_many(
            [self._change(o, State.SUBMITTING, State.NEW, now, reason) for o in orders]
        )

    def _change(
        self, order: JobOrder, old: State, new: State, at: float, reason: str = ""
    ) -> StateChange:
        machine = self.link.name
        return StateChange(
            order.signature, machine, old, order.attempt, new, at, reason, source="submit"
        )

    def _find_out(self, orders: Sequence[JobOrder], lost: ConnectionLost) -> bool:
        """The connection was cut: ask what has become of each before anything is said."""
        refs = [JobRef(order.signature, order.attempt) for order in orders]
        context, backend = self.link.context, self.link.backend
        try:
            answers = self.link.contact(lambda: backend.find(context, refs))
        except SojournError:
            raise ConnectionLost(
                f"the connection was cut while {len(orders)} jobs were handed in, and what has "
                f"become of them could not be asked: {lost.message}",
                hint="nothing is lost: the next contact finds out",
            ) from lost
        absent = any(answer.outcome is Settled.ABSENT for answer in answers)
        return self._settle(orders, answers) or absent

    def _settle(self, orders: Sequence[JobOrder], answers: Sequence[Settlement]) -> bool:
        names = {order.signature: order.name for order in orders}
        keys = [(answer.signature, self.link.name) for answer in answers]
        records = self.store.get_many(keys)
        known = [(records[key], a) for key, a in zip(keys, answers, strict=True) if key in records]
        settle_many(self.recorder, self.link, known)
        for answer in answers:
            if answer.outcome is Settled.REFUSED:
                what = names.get(answer.signature) or answer.signature[:12]
                self.refused.append(
                    SubmitRefused(
                        f"{self.link.name} refused job {what}: {answer.reason}",
                        signature=answer.signature,
                        hint="change what it asks for, or the machine's defaults, and run again",
                    )
                )
        return any(answer.outcome is Settled.CLOSED for answer in answers)


def _parents_first(batch: Sequence["SignedJob"]) -> list["SignedJob"]:
    """The batch in an order in which every job stands behind its parents."""
    by_signature = {signed.signature: signed for signed in batch}
    ordered: dict[str, SignedJob] = {}

    def visit(signed: "SignedJob") -> None:
        stack = [signed]
        while stack:
            top = stack[-1]
            missing = [
                by_signature[p] for p in top.parents if p in by_signature and p not in ordered
            ]
            if missing:
                stack.extend(missing)
            else:
                ordered.setdefault(top.signature, top)
                stack.pop()

    for signed in batch:
        visit(signed)
    return list(ordered.values())
