"""Recorded jobs that are asked for otherwise than before: what follows, decided in one place.

A job that failed is run again with what is asked now. One that waits in the queue is named, and
replaced where that was asked for: its attempt is closed on the machine, so that it can never
start, and only then the next one is made. One that runs is named and left alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from sojourn.session.asking import Asking
from sojourn.session.changing import Changer
from sojourn.session.checking import check_batch
from sojourn.session.orders import job_text
from sojourn.session.request import RequestChange, request_change
from sojourn.session.retrying import as_asked_now, blocked_children, next_attempt, wait_again
from sojourn.session.standing import Reuse, Standings
from sojourn.site.evidence import close
from sojourn.states import State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob

_WAITING = (State.QUEUED, State.HELD)


class Follow(StrEnum):
    """What follows when a job is asked for otherwise."""

    NOTHING = "nothing"
    NAME = "name"
    REPLACE = "replace"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class RenewalPolicy:
    """What the user wants. `update` replaces jobs that wait in the queue; `retry_changed` runs
    those again that failed; `confirm` asks a person, shown lines about waiting jobs, whether to
    replace them, where `update` does not say so."""

    update: bool = False
    retry_changed: bool = True
    confirm: Callable[[Sequence[str]], bool] | None = None


DEFAULT = RenewalPolicy()


def decide(change: RequestChange, policy: RenewalPolicy) -> Follow:
    """What follows for one job."""
    if change.waits:
        return Follow.REPLACE if policy.update else Follow.NAME
    if change.failed and policy.retry_changed:
        return Follow.RETRY
    return Follow.NAME if change.failed or change.record.state is State.RUNNING else Follow.NOTHING


_AFTER = {
    Follow.RETRY: "it is run again",
    Follow.REPLACE: "it is replaced in the queue",
}


def lines(followed: Iterable[tuple[RequestChange, Follow]]) -> list[str]:
    """What is said of changes and what follows, those alike in one line."""
    alike: dict[tuple[str, str], list[str]] = {}
    for change, follow in followed:
        if follow is not Follow.NOTHING:
            record = change.record
            text = f"{change}; {_AFTER.get(follow) or _left(change)}"
            what = record.name or record.step or record.signature[:8]
            alike.setdefault((record.step or what, text), []).append(what)
    return [
        f"{names[0]} {text}" if len(names) == 1 else f"{len(names)} jobs of {group}: {_each(text)}"
        for (group, text), names in alike.items()
    ]


def _left(change: RequestChange) -> str:
    if change.waits:
        return "--update replaces it in the queue"
    if change.failed:
        return "`sojourn retry` runs it again"
    return "it goes on as it is"


def _each(text: str) -> str:
    """A sentence about one job, said of each of several."""
    return (
        text.replace("; it is ", "; each is ")
        .replace("replaces it ", "replaces each ")
        .replace("runs it ", "runs each ")
    )


class Renewals(Standings, Asking):
    """The part of a session that compares what is asked now with what was recorded."""

    def request_changes(
        self, signed: Sequence["SignedJob"], machine: str, reuse: Reuse = "any"
    ) -> list[RequestChange]:
        """The jobs among these that are recorded on `machine` and asked for otherwise now: with
        other resources, or where the machine's own lines have changed. Nobody is asked."""
        once = {one.signature: one for one in signed}
        known = self._standings(list(once.values()), machine, reuse)
        entry = self.machines.get(machine)
        found = (
            request_change(record, one, entry)
            for signature, one in once.items()
            if (record := known[signature]) is not None and record.machine == machine
        )
        return [change for change in found if change is not None]

    def renew(
        self,
        signed: Sequence["SignedJob"],
        machine: str,
        *,
        reuse: Reuse = "any",
        policy: RenewalPolicy = DEFAULT,
    ) -> set[str]:
        """Give the jobs that are asked for otherwise their next attempts, as `policy` says, and
        report each change once. Returns the signatures of those that are NEW now.

        Raises:
            InvalidJob: the machine cannot honour what is asked now; nothing is changed.
            MachineError: the machine could not be asked to close what waits.
        """
        changes = self.request_changes(signed, machine, reuse)
        self._note_newest(signed, machine)
        if not changes:
            return set()
        policy = self._asked(changes, policy)
        followed = [(change, decide(change, policy)) for change in changes]
        acting = [c.signed for c, follow in followed if follow in (Follow.RETRY, Follow.REPLACE)]
        if acting:
            check_batch(acting, self._links.get(machine))
        fresh = [pair for pair in followed if self._is_news(*pair)]
        for text in lines(fresh):
            self._report(text)
        retried = [change for change, follow in followed if follow is Follow.RETRY]
        replaced = [change for change, follow in followed if follow is Follow.REPLACE]
        return self._retry(retried) | self._replace(replaced, machine)

    def _asked(self, changes: Sequence[RequestChange], policy: RenewalPolicy) -> RenewalPolicy:
        """The policy, after a person was asked about jobs that wait, each once."""
        if policy.update or policy.confirm is None:
            return policy
        waiting = [(change, Follow.NAME) for change in changes if change.waits]
        fresh = [pair for pair in waiting if self._is_news(*pair)]
        return replace(policy, update=True) if fresh and policy.confirm(lines(fresh)) else policy

    def _is_news(self, change: RequestChange, follow: Follow) -> bool:
        """Whether this was not reported before in this session."""
        record = change.record
        key = (record.signature, record.machine, record.attempt, f"{change} {follow}")
        if key in self._renewals_told:
            return False
        self._renewals_told.add(key)
        return True

    def _note_newest(self, signed: Sequence["SignedJob"], machine: str) -> None:
        """Record what the jobs ask for now: a retry without the script asks for that."""
        known = self.store.get_many((one.signature, machine) for one in signed)
        updates = {}
        for one in signed:
            record = known.get((one.signature, machine))
            if record is not None and record.state is not State.COMPLETED:
                text = job_text(one)
                if text != record.job:
                    updates[one.signature] = (one.signature, machine, None, {"job": text})
        if updates:
            self.store.update_many(updates.values())

    def _retry(self, changes: Sequence[RequestChange]) -> set[str]:
        for change in changes:
            self._next(change.record, change)
        records = [change.record for change in changes]
        children = blocked_children(self.store, records) if records else []
        for child in children:
            next_attempt(self, child, None)
        if records:
            wait_again(self.store, [*records, *children])
        return {record.signature for record in (*records, *children)}

    def _next(self, record: JobRecord, change: RequestChange) -> None:
        fields = as_asked_now(change.signed, record, self.machines.get(record.machine))
        reason = f"asked for otherwise: {change}"
        self.recorder.next_attempt(record, reason, job=job_text(change.signed), **fields)

    def _replace(self, changes: Sequence[RequestChange], machine: str) -> set[str]:
        """Close and cancel what waits, and what waits for that in the queue, and make the next
        attempts of those that were closed. What has started meanwhile is left alone."""
        if not changes:
            return set()
        link = self._links.get(machine)
        own = {change.record.signature: change for change in changes}
        records = [change.record for change in changes]
        children = self._children_in_queue(records, machine)
        # Recorded first: if this is cut off, they are known to have ended because of a parent.
        self.store.update_many(
            (child.signature, machine, child.attempt, {"blocked_by": parent})
            for child, parent in children
        )
        records += [child for child, _ in children]
        attempts = [(record.signature, record.attempt) for record in records]

        def shut() -> dict[tuple[str, int], bool]:
            with link.context.trip() as dialogue:
                return close(dialogue, attempts)

        closed = link.contact(shut)
        for record in records:
            if not closed[record.signature, record.attempt]:
                what = record.name or record.step or record.signature[:8]
                self._report(f"{what} has started meanwhile; it goes on as it is")
        records = [one for one in records if closed[one.signature, one.attempt]]
        Changer(link, self.store, self.recorder).cancel(records)
        renewed = set()
        for before, record in zip(records, self.again(records), strict=True):
            if record.attempt != before.attempt or record.state is not State.CANCELLED:
                continue
            if (change := own.get(record.signature)) is not None:
                self._next(record, change)
            else:
                self.recorder.next_attempt(record, "its parent is replaced in the queue")
            renewed.add(record.signature)
        return renewed

    def _children_in_queue(
        self, parents: Sequence[JobRecord], machine: str
    ) -> list[tuple[JobRecord, str]]:
        """The jobs that wait in the queue for these, and for those in turn; each with the
        signature of one that it waits for."""
        waiting = self.store.select(machine=machine, states=_WAITING, newest_first=False)
        ahead = {record.signature for record in parents}
        found: list[tuple[JobRecord, str]] = []
        while grown := [
            (record, parent)
            for record in waiting
            if record.signature not in ahead
            and (parent := next((one for one in record.parents if one in ahead), ""))
        ]:
            found += grown
            ahead |= {record.signature for record, _ in grown}
        return found
