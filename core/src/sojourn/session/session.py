"""`Session`: hand jobs in, stop, come back, and find them done."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from sojourn.errors import (
    DamagedResult,
    JobError,
    JobFailed,
    NoSuchJob,
    SojournError,
    StaleResult,
    TransferFailed,
)
from sojourn.session.changes import Recorder
from sojourn.session.changing import Changer
from sojourn.session.failures import failed
from sojourn.session.fetching import Fetcher, output_digest
from sojourn.session.links import Link, Links
from sojourn.session.polling import Poller
from sojourn.session.submitting import Origin, Submitter
from sojourn.site.context import Progress, no_progress
from sojourn.site.logs import LogPiece, look_at, read_log
from sojourn.states import FINAL, HANDED_IN, State
from sojourn.store.records import JobRecord
from sojourn.suspension import JobHandle, JobSuspended, WorkflowSuspended
from sojourn.values.job import Job
from sojourn.values.messages import Change

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.machines.loading import Machines
    from sojourn.plugins.registry import Registry
    from sojourn.results.result import Result
    from sojourn.values.resources import Resources

Reuse = Literal["any", "machine"]
"""Whether a result or a running job on another machine counts ("any"), or only on the one named."""

Outcome = "Result | JobError"


class Session:
    """What a program holds to run jobs.

    `machines` are the configured machines by default; `home` is where store and results lie
    (default: SOJOURN_HOME or the user's data folder). `interactive=False` never asks a person
    for a password or a code. `progress` is told of bytes moved, `report` takes lines for people.
    May be used from many threads; many sessions, in many processes, may share one home.
    """

    def __init__(
        self,
        *,
        machines: "Machines | None" = None,
        home: Path | None = None,
        registry: "Registry | None" = None,
        interactive: bool = True,
        progress: Progress = no_progress,
        report: Callable[[str], None] | None = None,
    ) -> None:
        from sojourn.machines.loading import load_machines
        from sojourn.plugins.registry import Registry
        from sojourn.results.cache import ResultCache
        from sojourn.store.store import Store

        self.registry = registry or Registry()
        self.machines = machines or load_machines(self.registry)
        self.store = Store(None if home is None else home / "store.sqlite")
        self.results = ResultCache(None if home is None else home / "results")
        self._memo = self.store.digest_memo()
        self._links = Links(
            self.machines, self.registry, self.store, interactive=interactive, progress=progress
        )
        self.recorder = Recorder(self.store, self.registry)
        self._report = report or _say_nothing
        self._seen: dict[str, dict[str, tuple[int, int] | None]] = {}

    # --- one job, many jobs -----------------------------------------------------------------------

    def run(
        self, job: Job, on: str | None = None, *, reuse: Reuse = "any", accept_stale: bool = False
    ) -> "Result":
        """The result of a job; the first time, hand it in and suspend.

        A cached result is returned without contact to any machine.

        Raises:
            JobSuspended: it is not finished; run again later.
            JobFailed: it ended, but not well; it is not run again by itself.
            StaleResult: it was made from other bytes than its inputs have now.
            SubmitRefused: the scheduler would not have it.
            MachineError: the machine could not be asked; nothing has changed.
        """
        outcome = self._outcomes([job], on, reuse, accept_stale)[0]
        if isinstance(outcome, JobHandle):
            raise JobSuspended(outcome)
        if isinstance(outcome, SojournError):
            raise outcome
        return outcome

    @overload
    def gather(
        self, jobs: Sequence[Job], on: str | None = None, *, on_failure: Literal["raise"] = "raise",
        reuse: Reuse = "any", accept_stale: bool = False,
    ) -> "list[Result]": ...  # fmt: skip

    @overload
    def gather(
        self, jobs: Sequence[Job], on: str | None = None, *, on_failure: Literal["collect"],
        reuse: Reuse = "any", accept_stale: bool = False,
    ) -> "list[Result | JobError]": ...  # fmt: skip

    def gather(
        self,
        jobs: Sequence[Job],
        on: str | None = None,
        *,
        on_failure: Literal["raise", "collect"] = "raise",
        reuse: Reuse = "any",
        accept_stale: bool = False,
    ) -> Any:
        """The results of many jobs, in their order; suspends once for all that are not finished.

        With `on_failure="collect"` errors stand beside results instead of being raised.

        Raises:
            WorkflowSuspended: some are not finished; its children are their suspensions.
            JobFailed: the first that did not end well, when none is unfinished any more.
        """
        outcomes = self._outcomes(jobs, on, reuse, accept_stale)
        waiting = [JobSuspended(one) for one in outcomes if isinstance(one, JobHandle)]
        if waiting:
            raise WorkflowSuspended(waiting)
        errors = [one for one in outcomes if isinstance(one, SojournError)]
        if errors and on_failure == "raise":
            raise errors[0]
        return outcomes

    def submit(
        self,
        jobs: Sequence[Job],
        on: str | None = None,
        *,
        reuse: Reuse = "any",
        origins: Mapping[str, Origin] | None = None,
    ) -> list[JobHandle]:
        """Hand in a batch in one trip and return handles; raises nothing for jobs that fail.

        `origins` says by signature which workflow and step a job belongs to.

        Raises:
            SubmitRefused: if the scheduler refused one; the others are handed in.
        """
        signed = self.sign(jobs, on)
        machine = self._machine(on)
        self.enter(signed, machine, reuse=reuse, origins=origins)
        return [
            handle_of(self._standing(one.signature, machine, reuse), machine, one.signature)
            for one in signed
        ]

    # --- parts that hosts compose -------------------------------------------------------------------

    def sign(self, jobs: Sequence[Job], on: str | None = None) -> list["SignedJob"]:
        """The signatures of jobs, with all that was found out on the way; see `identity`."""
        from sojourn.identity.signature import sign_many

        machine = self._machine(on)
        signed = sign_many(
            jobs,
            memo=self._memo,
            identify_remote=lambda paths: self._look_at(machine, paths),
            extra=self.registry.signature_extras,
            machine=machine,
            defaults=self._defaults(machine),
        )
        self._memo.flush()
        return signed

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
        wanted = [
            one
            for one in with_upstream(signed)
            if not self._is_settled(self._standing(one.signature, machine, reuse), machine)
            and self._cached(one.signature, reuse, machine) is None
        ]
        if not wanted:
            return
        submitter = self._submitter(self._links.get(machine))
        submitter.enter(wanted, origins or {})
        submitter.submit(wanted)
        if submitter.refused:
            raise submitter.refused[0]

    def _is_settled(self, record: JobRecord | None, machine: str) -> bool:
        """On its way or ended, wherever: nothing is handed in for it."""
        if record is None or (record.machine == machine and record.state is State.NEW):
            return False
        return not (record.state is State.CANCELLED and record.blocked_by)

    def refresh(self, records: Iterable[JobRecord] | None = None) -> None:
        """Ask all machines concerned about jobs that were handed in, one poll each, and hand in
        what had to wait. Without `records`, about all jobs.

        Machines that do not answer are named in `MachineError`s collected as notes; see
        `refresh_each`.

        Raises:
            MachineError: the first machine that gave no answer, after all others were asked.
        """
        errors = self.refresh_each(records)
        for error in errors.values():
            raise error

    def refresh_each(self, records: Iterable[JobRecord] | None = None) -> dict[str, SojournError]:
        """As `refresh`; returns what kept machines from being asked, by name."""
        chosen = list(self.store.select(states=HANDED_IN) if records is None else records)
        by_machine: dict[str, list[JobRecord]] = {}
        for record in chosen:
            if record.state in HANDED_IN or record.state is State.LOST:
                by_machine.setdefault(record.machine, []).append(record)
        errors: dict[str, SojournError] = {}
        for name, group in by_machine.items():
            try:
                link = self._links.get(name)
                poller = Poller(link, self.store, self.recorder)
                time.sleep(min(1.0, max(0.0, poller.earliest() - time.time())))
                poller.poll(group)
                self.submit_waiting(name)
            except SojournError as error:
                errors[name] = error
        return errors

    def submit_waiting(self, machine: str) -> None:
        """Hand in jobs that had to wait: for a place in the queue, for a parent, for a retry."""
        waiting = [
            record
            for record in self.store.select(machine=machine, states=[State.NEW], newest_first=False)
            if not record.paused
        ]
        if waiting:
            self._submitter(self._links.get(machine)).submit(self._signed_again(waiting))

    def fetch_results(self, records: Sequence[JobRecord]) -> dict[str, "Result | TransferFailed"]:
        """Bring the results of completed jobs into the cache, one trip a machine."""
        found: dict[str, Result | TransferFailed] = {}
        by_machine: dict[str, list[JobRecord]] = {}
        for record in records:
            by_machine.setdefault(record.machine, []).append(record)
        for name, group in by_machine.items():
            found |= Fetcher(self._links.get(name), self.store, self.results).fetch(group)
        return found

    # --- what has become of jobs --------------------------------------------------------------------

    def _outcomes(
        self, jobs: Sequence[Job], on: str | None, reuse: Reuse, accept_stale: bool
    ) -> "list[Result | JobError | JobHandle]":
        signed = self.sign(jobs, on)
        machine = self._machine(on)
        return self.outcomes(signed, machine, reuse=reuse, accept_stale=accept_stale)

    def outcomes(
        self,
        signed: Sequence["SignedJob"],
        machine: str,
        *,
        reuse: Reuse = "any",
        accept_stale: bool = False,
        origins: Mapping[str, Origin] | None = None,
    ) -> "list[Result | JobError | JobHandle]":
        """A result, an error, or a handle of what is not finished, for each job.

        Hands in what is new, polls what is out, fetches what is done: at most one trip of each
        kind a machine.
        """
        found = {s.signature: self._cached(s.signature, reuse, machine) for s in signed}
        left = [one for one in signed if found[one.signature] is None]
        refusal: JobError | None = None
        if left:
            before = self._standings(left, machine, reuse)
            out = [r for r in before.values() if r is not None and r.state in HANDED_IN]
            errors = self.refresh_each(out)
            try:
                self.enter(left, machine, reuse=reuse, origins=origins)
            except JobError as error:
                refusal = error
            standings = self._standings(left, machine, reuse)
            self._say_where(standings, machine)
            done = [r for r in standings.values() if r and r.state is State.COMPLETED]
            fetched = self.fetch_results(done)
            outcomes = self._told(left, standings, fetched, machine)
            if errors and not any(isinstance(one, JobHandle) for one in outcomes.values()):
                raise next(iter(errors.values()))
        else:
            outcomes = {}
        answers: list[Result | JobError | JobHandle] = []
        for one in signed:
            answer = found[one.signature] or outcomes[one.signature]
            if refusal is not None and refusal.signature == one.signature:
                answer = refusal
            stale = None if accept_stale else self._stale(one, answer)
            answers.append(stale or answer)
        return answers

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
                told[one.signature] = handle_of(record, machine, one.signature)
        for name, records in broken.items():
            told |= failed(self._links.get(name), self.store, records)
        return told

    def _cached(self, signature: str, reuse: Reuse, machine: str) -> "Result | None":
        try:
            result = self.results.get(signature)
        except DamagedResult as damaged:
            self._report(f"{damaged}; it is fetched again")
            return None
        if result is not None and reuse == "machine" and result.machine != machine:
            return None
        return result

    def _standing(self, signature: str, machine: str, reuse: Reuse) -> JobRecord | None:
        """The record that counts: the machine's own, or one elsewhere that is done or out."""
        own = self.store.get(signature, machine)
        if reuse == "machine" or (own is not None and own.state is not State.NEW):
            return own
        others = [r for r in self.store.by_signature(signature) if r.machine != machine]
        alive = [r for r in others if r.state in HANDED_IN or r.state is State.COMPLETED]
        done = [r for r in alive if r.state is State.COMPLETED]
        return next(iter([*done, *alive]), own)

    def _standings(
        self, signed: Sequence["SignedJob"], machine: str, reuse: Reuse
    ) -> dict[str, JobRecord | None]:
        return {s.signature: self._standing(s.signature, machine, reuse) for s in signed}

    def _say_where(self, standings: "Mapping[str, JobRecord | None]", machine: str) -> None:
        for signature, record in standings.items():
            if record is not None and record.machine != machine:
                word = "done" if record.state is State.COMPLETED else f"{record.state}"
                what = record.name or signature[:12]
                self._report(f"{what} is {word} on {record.machine} already; that one is used")

    def _stale(self, signed: "SignedJob", answer: object) -> StaleResult | None:
        """Whether a result was made from other bytes than its parents' outputs have now."""
        from sojourn.results.result import Result

        if not isinstance(answer, Result):
            return None
        for given in signed.inputs:
            if not given.signature:
                continue
            was = answer.manifest.consumed.get(given.name, "")
            parent = self._cached(given.signature, "any", "")
            now = given.digest or output_digest(parent, given.output)
            if was and now and was != now:
                what = signed.job.name or signed.signature[:12]
                return StaleResult(
                    f"{what} is stale: its input {given.name!r} has other bytes now than when "
                    "it was made",
                    signature=signed.signature,
                    hint=f"`sojourn retry {signed.signature[:8]}` makes it anew; "
                    "--accept-stale takes it as it is",
                )
        return None

    # --- waiting, changing, looking -------------------------------------------------------------------

    def wait(
        self,
        records: Sequence[JobRecord],
        *,
        timeout: float | None = None,
        on_poll: Callable[[Sequence[JobRecord]], None] | None = None,
    ) -> list[JobRecord]:
        """Poll until all jobs have ended or `timeout` seconds have passed; how they stand then.

        `on_poll` is shown the jobs after each poll. A machine that does not answer is asked
        again; what it holds stays as it was.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        delay = 0.05
        while True:
            present = self.again(records)
            if on_poll is not None:
                on_poll(present)
            active = [record for record in present if record.state not in FINAL]
            left = None if deadline is None else deadline - time.monotonic()
            if not active or (left is not None and left <= 0):
                return present
            longest = min(self._interval(record.machine) for record in active)
            delay = min(delay * 1.6, longest)
            time.sleep(delay if left is None else min(delay, left))
            self.refresh_each(active)
            for name in {record.machine for record in active if record.state is State.NEW}:
                self.submit_waiting(name)

    def _interval(self, machine: str) -> float:
        return self._links.get(machine).machine.poll.interval

    def cancel(self, records: Sequence[JobRecord]) -> list[Change]:
        """End jobs; one trip a machine. One that had ended is left alone and said so."""
        return self._changed(records, lambda changer, group: changer.cancel(group))

    def hold(self, records: Sequence[JobRecord]) -> list[Change]:
        """Keep waiting jobs from starting."""
        return self._changed(records, lambda changer, group: changer.hold(group))

    def release(self, records: Sequence[JobRecord]) -> list[Change]:
        """Let held jobs start again."""
        return self._changed(records, lambda changer, group: changer.release(group))

    def _changed(
        self,
        records: Sequence[JobRecord],
        change: "Callable[[Changer, list[JobRecord]], list[Change]]",
    ) -> list[Change]:
        answers: dict[tuple[str, str], Change] = {}
        for name in dict.fromkeys(record.machine for record in records):
            group = [record for record in records if record.machine == name]
            changer = Changer(self._links.get(name), self.store, self.recorder)
            for record, answer in zip(group, change(changer, group), strict=True):
                answers[record.signature, name] = answer
        return [answers[record.signature, record.machine] for record in records]

    def retry(
        self, records: Sequence[JobRecord], *, resources: "Resources | None" = None
    ) -> list[JobRecord]:
        """Run ended jobs again, each in a new attempt; `resources` replace words of what they
        ask for. A result that is here stays until the new one comes.

        Raises:
            NotPossible: one has not ended.
            SubmitRefused, MachineError: as when jobs are handed in.
        """
        from sojourn.session.retrying import again

        for record in records:
            again(self, record, resources)
        for name in dict.fromkeys(record.machine for record in records):
            self.submit_waiting(name)
        return self.again(records)

    def again(self, records: Iterable[JobRecord]) -> list[JobRecord]:
        """How jobs stand in the store now."""
        keys = [(record.signature, record.machine) for record in records]
        present = self.store.get_many(keys)
        return [present[key] for key in keys if key in present]

    def log(self, record: JobRecord, name: str = "stdout", *, offset: int = 0) -> LogPiece:
        """A piece of what a job has printed, from `offset` on; reads on while it runs.

        Raises:
            MachineError: the machine could not be asked.
        """
        link = self._links.get(record.machine)

        def read() -> LogPiece:
            with link.context.trip() as dialogue:
                return read_log(dialogue, record.signature, record.attempt, name, offset)

        return link.contact(read)

    def link(self, machine: str | None = None) -> Link:
        """The way to a machine, for what no method here does."""
        return self._links.get(self._machine(machine))

    def record(self, signature: str, machine: str | None = None) -> JobRecord:
        """A job by its whole signature.

        Raises:
            NoSuchJob: it is not known here.
        """
        if machine is not None:
            found = self.store.get(signature, machine)
        else:
            found = next(iter(self.store.by_signature(signature)), None)
        if found is None:
            raise NoSuchJob(f"there is no job {signature[:12]}", hint="`sojourn list` shows all")
        return found

    # --- inside ------------------------------------------------------------------------------------

    def _machine(self, on: str | None) -> str:
        return self.machines.default().name if on is None else self.machines.get(on).name

    def _defaults(self, machine: str) -> "Resources":
        return self.machines.get(machine).defaults

    def _look_at(self, machine: str, paths: Sequence[str]) -> Mapping[str, tuple[int, int] | None]:
        """What Remote paths hold: asked once a session, in a trip of its own."""
        link = self._links.get(machine)
        seen = self._seen.setdefault(machine, {})
        new = [path for path in paths if path not in seen]

        def look() -> dict[str, tuple[int, int] | None]:
            with link.context.trip() as dialogue:
                return look_at(dialogue, new)

        if new:
            seen |= link.contact(look)
        return seen

    def _signed_again(self, records: Sequence[JobRecord]) -> list["SignedJob"]:
        from sojourn.session.retrying import signed_again

        return signed_again(self, records)

    def _submitter(self, link: Link) -> Submitter:
        return Submitter(link, self.store, self.results, self._memo, self.recorder)

    def close(self) -> None:
        """Close connections and the store. Jobs go on."""
        self._memo.flush()
        self._links.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _say_nothing(_line: str) -> None:
    """Nobody listens."""


def handle_of(record: JobRecord | None, machine: str, signature: str) -> JobHandle:
    """The handle of a job that is not finished."""
    if record is None:
        return JobHandle(signature, machine)
    return JobHandle(
        signature,
        record.machine,
        record.name,
        record.state,
        record.scheduler_id,
        record.reason,
        record.attempt,
    )


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


__all__ = ["JobFailed", "Session", "handle_of", "with_upstream"]
