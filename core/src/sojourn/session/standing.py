"""Where jobs stand: which record or result counts for a signature, and what is stale."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from sojourn.errors import DamagedResult, StaleResult
from sojourn.session.base import SessionBase
from sojourn.session.consumed import attempt_in, output_digest
from sojourn.session.latest import latest
from sojourn.session.stuck import needs, remedy, stuck
from sojourn.states import HANDED_IN, State
from sojourn.store.records import JobRecord
from sojourn.suspension import JobHandle

if TYPE_CHECKING:
    from sojourn.identity.resolve import ResolvedInput
    from sojourn.identity.signature import SignedJob
    from sojourn.results.result import Result
    from sojourn.store.store import Store

Reuse = Literal["any", "machine"]
"""Whether a result or a running job on another machine counts ("any"), or only on the one named."""


class Standings(SessionBase):
    """The part of a session that looks without asking anybody."""

    def cached(
        self,
        signature: str,
        reuse: Reuse = "any",
        machine: str = "",
        on: Collection[str] = (),
    ) -> "Result | None":
        """A job's result, if it is here, whole, and not to be replaced by a retry's.

        It was asked for on `machine`: with `reuse="machine"` only a result from there counts,
        otherwise also one from elsewhere, unless it was imported and is not trusted. Nobody is
        asked.
        """
        try:
            result = latest(self.results, self.store, signature, self.trust, on or [machine])
        except DamagedResult as damaged:
            if signature not in self._damaged:
                self._damaged.add(signature)
                self._report(f"{damaged}; it is fetched again")
            return None
        if result is None or (reuse == "machine" and result.machine != machine):
            return None
        return result

    def _standing(self, signature: str, machine: str, reuse: Reuse) -> JobRecord | None:
        """The record that counts: the machine's own, or one elsewhere that is done or out."""
        known = self.store.by_signature(signature)
        return _that_counts(self._counting(known, [machine]), machine, reuse)

    def _standings(
        self,
        signed: Sequence["SignedJob"],
        machine: str,
        reuse: Reuse,
        on: "Mapping[str, Collection[str]] | None" = None,
    ) -> dict[str, JobRecord | None]:
        """`on` names by signature the machines whose imported records count, if not `machine`."""
        known = self.store.by_signatures(one.signature for one in signed)
        places = {} if on is None else on
        return {
            signature: _that_counts(
                self._counting(known.get(signature, ()), places.get(signature, [machine])),
                machine,
                reuse,
            )
            for signature in (one.signature for one in signed)
        }

    def _counting(self, records: Sequence[JobRecord], on: Collection[str]) -> list[JobRecord]:
        return [record for record in records if self.trust.counts(record, on)]

    def _ask_on(self, signatures: Iterable[str], machine: str) -> None:
        """Remember that jobs were asked for on a machine by name."""
        for signature in signatures:
            self._asked_on.setdefault(signature, set()).add(machine)

    def settled_by(
        self, signature: str, machine: str, reuse: Reuse = "any"
    ) -> "JobRecord | Result | None":
        """What makes it needless to hand a job in: a record of it on its way or ended, or else
        a result that is here. None if there is neither; nobody is asked."""
        self._ask_on([signature], machine)
        record = self._standing(signature, machine, reuse)
        if record is not None and self._is_settled(record, machine):
            return record
        return self.cached(signature, reuse, machine)

    def _say_where(self, standings: "Mapping[str, JobRecord | None]", machine: str) -> None:
        for signature, record in standings.items():
            if record is not None and record.machine != machine:
                word = "done" if record.state is State.COMPLETED else f"{record.state}"
                what = record.name or signature[:12]
                self._report(f"{what} is {word} on {record.machine} already; that one is used")

    def stale(self, signed: "SignedJob", answer: object) -> StaleResult | None:
        """Whether a result was made from other bytes than its parents' outputs have now."""
        from sojourn.results.result import Result

        if not isinstance(answer, Result):
            return None
        for given in signed.inputs:
            if not given.signature:
                continue
            why = self._why_stale(given, answer)
            if why:
                what = signed.job.name or signed.signature[:12]
                return StaleResult(
                    f"{what} is stale: its input {given.name!r} {why} than when it was made",
                    signature=signed.signature,
                    hint=f"`sojourn retry {signed.signature[:8]}` makes it anew; "
                    "--accept-stale takes it as it is",
                )
        return None

    def _why_stale(self, given: "ResolvedInput", result: "Result") -> str:
        was = result.manifest.consumed.get(given.name, "")
        attempt = attempt_in(was)
        if attempt is not None:  # its bytes were never here
            made = self.store.get(given.signature, result.machine)
            anew = made is not None and made.state is State.COMPLETED and made.attempt > attempt
            return "is of a later attempt" if anew else ""
        on = [result.machine, *self._asked_on.get(given.signature, ())]
        parent = self.cached(given.signature, on=on)
        now = given.digest or output_digest(parent, given.output)
        return "has other bytes now" if was and now and was != now else ""

    def _is_settled(self, record: JobRecord | None, machine: str) -> bool:
        """On its way or ended, wherever: nothing is handed in for it."""
        if record is None or (record.machine == machine and record.state is State.NEW):
            return False
        return not (record.state is State.CANCELLED and record.blocked_by)


def elsewhere(records: Sequence[JobRecord], machine: str) -> list[JobRecord]:
    """Those of a job's records that are out or done on another machine."""
    counting = HANDED_IN | {State.COMPLETED}
    return [r for r in records if r.machine != machine and r.state in counting]


def _that_counts(records: Sequence[JobRecord], machine: str, reuse: Reuse) -> JobRecord | None:
    own = next((r for r in records if r.machine == machine), None)
    if reuse == "machine" or (own is not None and own.state is not State.NEW):
        return own
    alive = elsewhere(records, machine)
    done = [r for r in alive if r.state is State.COMPLETED]
    return next(iter([*done, *alive]), own)


def handle_of(store: "Store", record: JobRecord | None, machine: str, signature: str) -> JobHandle:
    """The handle of a job, recorded or not."""
    if record is None:
        return JobHandle(signature, machine)
    return handles_of(store, [record])[0]


def handles_of(store: "Store", records: Sequence[JobRecord]) -> list[JobHandle]:
    """The handles of recorded jobs."""
    causes = stuck(store, [record for record in records if not record.state.is_final])
    return [
        JobHandle(
            record.signature,
            record.machine,
            record.name,
            record.state,
            record.scheduler_id,
            record.reason,
            record.attempt,
            "" if cause is None else f"{needs(cause)}: {remedy(cause)}",
            record.exit_code,
        )
        for record in records
        for cause in (causes.get((record.signature, record.machine)),)
    ]
