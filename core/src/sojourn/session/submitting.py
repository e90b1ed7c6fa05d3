"""Handing jobs in: what the store says before, during and after the one trip to the machine."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sojourn.errors import ConnectionLost, InvalidJob, SojournError, SubmitRefused
from sojourn.session.adopt import adopt_newest
from sojourn.session.blocking import is_on_its_way
from sojourn.session.changes import Recorder
from sojourn.session.checking import check_batch, impossible
from sojourn.session.consumed import going_in
from sojourn.session.latest import latest_whole
from sojourn.session.links import Link
from sojourn.session.orders import Blocked, job_text, make_order, new_record, parents_first
from sojourn.session.request import request_text
from sojourn.session.retrying import as_asked_now, as_retried
from sojourn.session.settling import settle_many
from sojourn.session.trust import ROOT, Trust
from sojourn.states import HANDED_IN, State
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
    trust: Trust
    asked_on: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By signature the machines on which a parent was asked for by name."""
    refused: list[SubmitRefused] = field(default_factory=list)
    _hopeless: set[str] = field(default_factory=set)
    _purged: set[str] = field(default_factory=set)
    _asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By signature: what the orders being handed in ask for, as it is recorded with them."""

    # --- what an order depends on (see orders.Surroundings) -----------------------------------------

    def record(self, signature: str) -> JobRecord | None:
        """The job of that signature on this machine."""
        return self.store.get(signature, self.link.name)

    def result(self, signature: str) -> "Result | None":
        """Its result, if it is here, whole, and not to be replaced by a retry's."""
        on = {self.link.name, *self.asked_on.get(signature, ())}
        return latest_whole(self.results, self.store, signature, self.trust, on)

    def is_purged(self, signature: str) -> bool:
        """Whether the machine has said that its outputs are gone."""
        return signature in self._purged

    # --- the way in -----------------------------------------------------------------------------

    def enter(
        self,
        batch: Sequence["SignedJob"],
        origins: Mapping[str, Origin],
        attempts: Mapping[str, int] | None = None,
    ) -> None:
        """Record jobs that are not known yet, as NEW; `attempts` where it is not the first.

        Raises:
            InvalidJob: one cannot be handed in, such as for a secret that is not set, or a resource
                that the machine cannot honour (UnsupportedResource); none is recorded.
        """
        check_batch(batch, self.link)
        pauses = self.store.pauses()
        if self._room() and not (pauses.any or pauses.workflows):
            self.link.prepare()
        records = []
        for signed in batch:
            origin = origins.get(signed.signature, Origin())
            attempt = (attempts or {}).get(signed.signature, 1)
            # What lies there already was asked for by another computer, who knows how.
            asked = "" if attempts else request_text(signed, self.link.machine)
            record = new_record(signed, self.link.machine, origin, attempt, asked)
            records.append(replace(record, imported=ROOT) if attempts else record)
        fresh = self.store.put_jobs(records)
        for signed, new in zip(batch, fresh, strict=True):
            if not (new or attempts):
                self._ask_anew(signed)

    def _ask_anew(self, signed: "SignedJob") -> None:
        """What is not in yet is asked for as it is now, not as when it was recorded."""
        known = self.record(signed.signature)
        if known is not None and known.state is State.NEW:
            fields = as_asked_now(signed, known, self.link.machine)
            self.store.update_fields(known.signature, known.machine, job=job_text(signed), **fields)

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
        orders = self._begin(self._orders(batch), {one.signature: one for one in batch})
        if not orders:
            return False
        context, backend = self.link.context, self.link.backend
        try:
            answers = self.link.contact(lambda: backend.submit(context, orders), repeat=False)
        except ConnectionLost as lost:
            return self._find_out(orders, lost)
        except InvalidJob as error:
            # Some are asked for what the machine turns out not to have: the others go on.
            wrong = impossible(orders, self.link)
            self._put_back(orders, error if not wrong else None)
            if not wrong:
                raise
            self._hopeless.update(wrong)
            for signature, reason in wrong.items():
                record = self.record(signature)
                if record is not None:
                    self._refuse(record, reason)
            return len(wrong) < len(orders)
        except SojournError as error:
            self._put_back(orders, error)
            raise
        return self._settle(orders, answers)

    def _orders(self, batch: Sequence["SignedJob"]) -> list[JobOrder]:
        link, room, pauses = self.link, self._room(), self.store.pauses()
        known = self.store.get_many((one.signature, self.link.name) for one in batch)
        orders: list[JobOrder] = []
        here: set[str] = set()
        waiting: list[tuple[JobRecord, str]] = []
        skipped: set[str] = set()
        for signed in parents_first(batch):
            record = self._renewed(known.get((signed.signature, self.link.name)))
            if record is None or record.state is not State.NEW or pauses.cover(record):
                continue
            if (
                signed.signature in self._hopeless
                or skipped.intersection(signed.parents)
                or self._parent_missing(signed, here)
            ):
                skipped.add(signed.signature)
                continue
            try:
                fields = as_asked_now(signed, record, link.machine)
                record = replace(record, **fields)
                made = make_order(as_retried(signed, record), record, link.machine, self, self.memo)
            except InvalidJob as error:  # one job's trouble must not keep the others here
                skipped.add(signed.signature)
                self._refuse(record, error)
                continue
            if isinstance(made, Blocked):
                skipped.add(signed.signature)
                self._block(record, made)
            elif len(orders) >= room:
                skipped.add(signed.signature)
                waiting.append((record, f"waits: at most {link.machine.max_jobs} jobs at a time"))
            else:
                orders.append(made)
                here.add(made.signature)
                self._asked[made.signature] = fields
        for record, reason in waiting:
            self._note(record, reason)
        return orders

    def _parent_missing(self, signed: "SignedJob", here: set[str]) -> bool:
        """Whether a parent is neither in the scheduler's hands nor handed in by this trip, with
        those that are `here`."""
        parents = (self.record(p) for p in signed.parents if p not in here)
        return any(p is not None and p.state in (State.NEW, State.SUBMITTING) for p in parents)

    def _room(self) -> int:
        limit = self.link.machine.max_jobs
        if limit is None:
            return 10**9
        counts = self.store.counts(machine=self.link.name)
        return max(0, limit - sum(counts.get(state, 0) for state in HANDED_IN))

    def _renewed(self, record: JobRecord | None) -> JobRecord | None:
        """The job; one that only its parent kept from running gets its next attempt."""
        if record is None or record.state is not State.CANCELLED or not record.blocked_by:
            return record
        parent = self.record(record.blocked_by)
        if parent is not None and is_on_its_way(self.store, parent, record):
            self.recorder.next_attempt(record, "its parent is on its way again")
            return self.record(record.signature)
        return record

    def _block(self, record: JobRecord, why: Blocked) -> None:
        if why.failed:
            self.recorder.change(
                record, State.CANCELLED, why.reason, source="submit", blocked_by=why.parent
            )
        else:
            self._note(record, why.reason)

    def _refuse(self, record: JobRecord, error: InvalidJob) -> None:
        self._note(record, f"cannot be handed in: {error.message}")
        what = record.name or record.signature[:12]
        self.refused.append(
            SubmitRefused(
                f"job {what} cannot be handed in: {error.message}",
                signature=record.signature,
                hint=error.hint,
            )
        )

    def _note(self, record: JobRecord, reason: str) -> None:
        if record.reason != reason:
            self.store.update_fields(record.signature, record.machine, reason=reason)

    # --- around the trip ------------------------------------------------------------------------

    def _begin(self, orders: list[JobOrder], signed: Mapping[str, "SignedJob"]) -> list[JobOrder]:
        """Mark as SUBMITTING before anything is contacted; what another process has is left out.

        What goes in is recorded with it: digests of files, also of those that steps or jobs have
        made and that are sent from here.
        """
        now = time.time()
        changes = []
        for one in orders:
            consumed = going_in(one, signed[one.signature], self.result)
            asked = self._asked.pop(one.signature)
            change = self._change(one, State.NEW, State.SUBMITTING, now, consumed=consumed, **asked)
            changes.append(change)
        events = self.recorder.change_many(changes)
        return [order for order, event in zip(orders, events, strict=True) if event]

    def _put_back(self, orders: Sequence[JobOrder], error: SojournError | None) -> None:
        now = time.time()
        reason = "" if error is None else f"could not be handed in: {error}"
        self.recorder.change_many(
            [self._change(o, State.SUBMITTING, State.NEW, now, reason) for o in orders]
        )

    def _change(
        self, order: JobOrder, old: State, new: State, at: float, reason: str = "", **fields: str
    ) -> StateChange:
        return StateChange(
            order.signature,
            self.link.name,
            old,
            order.attempt,
            new,
            at,
            reason,
            source="submit",
            fields=fields,
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
        settled = self._settle(orders, answers)
        return settled or any(answer.outcome is Settled.ABSENT for answer in answers)

    def _settle(self, orders: Sequence[JobOrder], answers: Sequence[Settlement]) -> bool:
        names = {order.signature: order.name for order in orders}
        keys = [(answer.signature, self.link.name) for answer in answers]
        records = self.store.get_many(keys)
        known = [(records[key], a) for key, a in zip(keys, answers, strict=True) if key in records]
        settle_many(self.recorder, self.link, known)
        adopted = [a.signature for a in answers if a.found and a.outcome is not Settled.CLOSED]
        if adopted:
            adopt_newest(self.recorder, self.link, adopted)
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
            elif answer.outcome is Settled.UNCLEAR:
                self._tell_unclear(answer, names.get(answer.signature) or answer.signature[:12])
        gone = {parent for answer in answers for parent in answer.gone}
        self._purged |= gone
        return bool(gone) or any(answer.outcome is Settled.CLOSED for answer in answers)

    def _tell_unclear(self, answer: Settlement, what: str) -> None:
        """Say what the scheduler has answered; an error if it is not asked again by itself."""
        record = self.record(answer.signature)
        if record is None:
            return
        if record.refused:
            self.refused.append(
                SubmitRefused(
                    f"{self.link.name} did not accept job {what}: {record.reason}",
                    signature=answer.signature,
                    hint="ask the site what this means, then submit the job again",
                )
            )
        else:
            self.link.context.say(f"{self.link.name}: job {what}: {record.reason}")
