"""From jobs to what came of them: handed in, polled and fetched in as few trips as can be."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from sojourn.errors import JobError, SojournError, SubmitRefused, TransferFailed
from sojourn.session.adopt import adopt_newest
from sojourn.session.consumed import attempt_in
from sojourn.session.failures import failed
from sojourn.session.renewal import DEFAULT, RenewalPolicy, Renewals
from sojourn.session.standing import Reuse, handle_of
from sojourn.session.submitting import Origin
from sojourn.states import FINAL, HANDED_IN, State
from sojourn.store.records import JobRecord
from sojourn.suspension import JobHandle

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.results.result import Result


class Outcomes(Renewals):
    """The part of a session that brings jobs on their way and tells how they came out."""

    def enter(
        self,
        signed: Sequence["SignedJob"],
        machine: str,
        *,
        reuse: Reuse = "any",
        origins: Mapping[str, Origin] | None = None,
    ) -> None:
        """Record and hand in what is neither done nor on its way, in one trip to `machine`.

        Raises:
            SubmitRefused: the first refusal, after everything else was handed in.
            MachineError: see `Submitter.submit`.
        """
        for refusal in self._enter(signed, machine, reuse, origins).values():
            raise refusal

    def _enter(
        self,
        signed: Sequence["SignedJob"],
        machine: str,
        reuse: Reuse,
        origins: Mapping[str, Origin] | None,
    ) -> dict[str, SubmitRefused]:
        """As `enter`; returns the refusals by signature."""
        asked = with_upstream(signed)
        on = self._places(signed, asked, machine)
        standings = self._standings(asked, machine, reuse, on)
        wanted = [
            one
            for one in asked
            if not self._is_settled(standings[one.signature], machine)
            and self.cached(one.signature, reuse, machine, on[one.signature]) is None
        ]
        if not wanted:
            return {}
        submitter = self.submitter(self._links.get(machine))
        submitter.enter(wanted, origins or {})
        submitter.submit(wanted)
        return {refusal.signature: refusal for refusal in submitter.refused}

    def _places(
        self, signed: Sequence["SignedJob"], asked: Sequence["SignedJob"], machine: str
    ) -> dict[str, list[str]]:
        """Where an imported job counts: on the machine, and, if it is there for its children
        only, where else it was asked for."""
        places = {one.signature: [machine, *self._asked_on.get(one.signature, ())] for one in asked}
        places |= {one.signature: [machine] for one in signed}
        self._ask_on((one.signature for one in signed), machine)
        return places

    def outcomes(
        self,
        signed: Sequence["SignedJob"],
        machine: str,
        *,
        reuse: Reuse = "any",
        accept_stale: bool = False,
        origins: Mapping[str, Origin] | None = None,
        policy: RenewalPolicy = DEFAULT,
    ) -> "list[Result | JobError | JobHandle]":
        """A result, an error, or a handle of what is not finished, for each job.

        Hands in what is new, polls what is out, fetches what is done: at most one trip of each
        kind a machine. What is asked for otherwise than before follows `policy`.
        """
        self._ask_on((one.signature for one in signed), machine)
        found = {s.signature: self.cached(s.signature, reuse, machine) for s in signed}
        left = [one for one in signed if found[one.signature] is None]
        refusals: dict[str, SubmitRefused] = {}
        if left:
            before = self._standings(left, machine, reuse)
            out = [r for r in before.values() if r is not None and r.state in HANDED_IN]
            errors = self.refresh_each(out)
            self._adopt_retries(self._standings(left, machine, reuse).values())
            before = self._standings(left, machine, reuse)
            asked = with_upstream([one for one in left if not _is_done(before[one.signature])])
            renewed = self.renew(asked, machine, reuse=reuse, policy=policy)
            refusals = self._enter(left, machine, reuse, origins)
            if renewed - {one.signature for one in asked}:
                self.submit_waiting(machine)
            standings = self._standings(left, machine, reuse)
            adopted = [r for r in standings.values() if r is not None and _ended_elsewhere(r)]
            if adopted:
                self.refresh_each(adopted)
                standings = self._standings(left, machine, reuse)
            self._say_where(standings, machine)
            done = [r for r in standings.values() if r and r.state is State.COMPLETED]
            fetched = self.fetch_results(done)
            outcomes = self._told(left, standings, fetched, machine)
            if errors and not any(isinstance(one, JobHandle) for one in outcomes.values()):
                raise next(iter(errors.values()))
        else:
            outcomes = {}
        if not accept_stale:
            self._bring_retried_parents(signed, found)
        answers: list[Result | JobError | JobHandle] = []
        for one in signed:
            answer: Result | JobError | JobHandle | None = found[one.signature]
            if answer is None:  # a result without outputs is no less a result
                answer = refusals.get(one.signature) or outcomes[one.signature]
            stale = None if accept_stale else self.stale(one, answer)
            answers.append(stale or answer)
        return answers

    def _adopt_retries(self, records: "Iterable[JobRecord | None]") -> None:
        """Before a failure is told: whether another computer has retried the job since. Asked
        once a session; where a machine does not answer, what is known here is told."""
        ended: dict[str, list[JobRecord]] = {}
        for record in records:
            broken = record is not None and record.state in FINAL - {State.COMPLETED}
            if record is not None and broken and _attempt_of(record) not in self._sought:
                ended.setdefault(record.machine, []).append(record)
        for name, group in ended.items():
            with suppress(SojournError):
                adopt_newest(self.recorder, self._links.get(name), [r.signature for r in group])
                self._sought.update(map(_attempt_of, group))

    def _bring_retried_parents(
        self, signed: Sequence["SignedJob"], found: "Mapping[str, Result | None]"
    ) -> None:
        """Without what a parent's retry has made, nobody knows whether a result is stale."""
        missing: dict[str, JobRecord] = {}
        for one in signed:
            result = found[one.signature]
            consumed = {} if result is None else result.manifest.consumed
            for given in one.inputs:
                was = consumed.get(given.name, "")
                if given.signature and was and attempt_in(was) is None and not given.digest:
                    on = [
                        result.machine if result is not None else "",
                        *self._asked_on.get(given.signature, ()),
                    ]
                    missing |= {r.signature: r for r in self._retried(given.signature, on)}
        if not missing:
            return
        with suppress(SojournError):  # then it is found out at another time
            self.fetch_results(list(missing.values()))
            self._sought.update(map(_attempt_of, missing.values()))

    def _retried(self, signature: str, on: Sequence[str]) -> list[JobRecord]:
        """The job's record, if it has completed in a later attempt whose result is not here and
        was not sought in vain before."""
        if self.cached(signature, on=on) is not None:
            return []
        records = self._counting(self.store.by_signature(signature), on)
        again = [r for r in records if r.state is State.COMPLETED and r.attempt > 1][:1]
        return [r for r in again if _attempt_of(r) not in self._sought]

    def _told(
        self,
        signed: Sequence["SignedJob"],
        standings: "Mapping[str, JobRecord | None]",
        fetched: "Mapping[str, Result | TransferFailed]",
        machine: str,
    ) -> "dict[str, Result | JobError | JobHandle]":
        told: dict[str, Result | JobError | JobHandle] = {}
        broken: dict[str, list[JobRecord]] = {}
        for one in signed:
            record = standings[one.signature]
            if record is not None and record.state is State.COMPLETED:
                told[one.signature] = fetched[one.signature]
            elif record is not None and record.state in FINAL:
                broken.setdefault(record.machine, []).append(record)
            else:
                told[one.signature] = handle_of(self.store, record, machine, one.signature)
        for name, records in broken.items():
            told |= failed(self._links.get(name), self.store, records)
        return told


def _is_done(record: JobRecord | None) -> bool:
    """Whether it has completed: what made its inputs does not matter any more."""
    return record is not None and record.state is State.COMPLETED


def _ended_elsewhere(record: JobRecord) -> bool:
    """Whether its exit status was found, and the scheduler was not asked yet."""
    return record.state is State.FINISHING and record.polled_at is None


def _attempt_of(record: JobRecord) -> tuple[str, str, int]:
    return record.signature, record.machine, record.attempt


def with_upstream(signed: Sequence["SignedJob"]) -> list["SignedJob"]:
    """The jobs and those whose outputs they take, each once, parents first."""
    ordered: dict[str, SignedJob] = {}

    def visit(one: "SignedJob") -> None:
        if one.signature not in ordered:
            for parent in one.upstream:
                visit(parent)
            ordered[one.signature] = one

    for one in signed:
        visit(one)
    return list(ordered.values())
