"""Handing in: in one trip, each attempt exactly once.

The order is fixed: all bytes there and verified, attempts claimed, scheduler called, ids
written. An attempt that somebody else has claimed is answered with what the claim says.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from shlex import quote

from sojourn.batch.scheduler import CommandResult, SubmitReply, Verdict
from sojourn.errors import SchedulerUnavailable, SiteError
from sojourn.site import layout
from sojourn.site.bereft import bereft
from sojourn.site.claims import settled
from sojourn.site.context import MachineContext
from sojourn.site.evidence import Attempt, read_evidence
from sojourn.site.finding import Searcher, find_unclear
from sojourn.site.frames import Reply
from sojourn.site.staging import lacking, stage
from sojourn.site.submission import Caller, Slice, Submission, payload, secret_payload
from sojourn.site.trip import Dialogue
from sojourn.values.messages import Blob, JobOrder, Settled, Settlement

_CLAIMS = 1000
"""Claims in one chunk of shell text."""

_MANY_PARENTS = 50
"""From so many parents on, a child waits for whole calls: command lines have limits."""

_NOT_IN = frozenset({Settled.REFUSED, Settled.FULL, Settled.CLOSED, Settled.UNCLEAR})


def hand_in(
    dialogue: Dialogue,
    context: MachineContext,
    submissions: Sequence[Submission],
    caller: Caller,
    search: Searcher | None = None,
) -> dict[Attempt, Settlement]:
    """Hand in submissions, parents before children; one settlement for each order.

    `search` looks up names in the queue: with it, jobs whose submission was answered with words
    that are not understood are looked for at once; without it they are PENDING.

    Raises:
        SiteError: the machine cannot (disk full, root not writable); nothing is handed in.
        ConnectionLost: the outcome of what was under way is not known.
    """
    trip = _HandIn(dialogue, context, caller)
    submissions = trip.without_known(submissions)
    if submissions:
        submissions = trip.with_inputs(submissions)
    if submissions:
        trip.claim(submissions, trip.archives(submissions))
        trip.call(submissions)
        trip.look_for_unclear(search)
    return trip.answers


def _key(order: JobOrder) -> Attempt:
    return order.signature, order.attempt


@dataclass(slots=True)
class _HandIn:
    dialogue: Dialogue
    context: MachineContext
    caller: Caller
    answers: dict[Attempt, Settlement] = field(default_factory=dict)
    calls: dict[Attempt, str] = field(default_factory=dict)
    """The id that the scheduler printed for the call that an attempt went in with."""
    unwritten: list[str] = field(default_factory=list)
    """What writes the ids of calls that were answered: sent with the next calls."""

    # --- before anything is claimed ---------------------------------------------------------------

    def without_known(self, submissions: Sequence[Submission]) -> list[Submission]:
        """Leave out what the machine knows already; its claims are the answers."""
        orders = [order for submission in submissions for order in submission.orders]
        self._answer_known([_key(order) for order in orders])
        open_yet = [order for order in orders if _key(order) not in self.answers]
        self.answers |= bereft(self.dialogue, open_yet)
        kept = self._left(submissions)
        if not kept:
            return []
        if not self.dialogue.hello.writable:
            raise SiteError(
                f"{self.dialogue.hello.root} is not writable for {self.dialogue.hello.user}",
                machine=self.context.machine.name,
                hint="jobs that are there can be shared; for new ones set a `root` of your own",
            )
        return kept

    def with_inputs(self, submissions: Sequence[Submission]) -> list[Submission]:
        """Send the inputs, which are verified on the machine. Jobs whose inputs have no room there
        are left out: they wait, and keep nobody else from going in."""
        orders = [order for submission in submissions for order in submission.orders]
        blobs = [blob for order in orders for blob in order.blobs]
        lack = lacking(self.dialogue, self.context, blobs)
        sent: dict[str, Blob] = {}
        taken = 0
        for order in orders:
            new = {b.digest: b for b in order.blobs if b.digest in lack.there}
            new = {digest: blob for digest, blob in new.items() if digest not in sent}
            needed = sum(blob.size for blob in new.values())
            if taken + needed > lack.room:
                reason = (
                    f"{needed / (1 << 20):.1f} MiB of inputs are to be sent, and"
                    f" {self.dialogue.hello.root} has {(lack.room - taken) / (1 << 20):.1f} MiB of"
                    " room (`sojourn gc --remote` may free some)"
                )
                self.answers[_key(order)] = Settlement(*_key(order), Settled.FULL, reason=reason)
            else:
                sent |= new
                taken += needed
        stage(self.dialogue, self.context, sent.values(), lack)
        return self._left(submissions)

    def archives(self, submissions: Sequence[Submission]) -> tuple[bytes, bytes]:
        """The archive of scripts and tasks, and that of secrets."""
        filled = [submission for submission in submissions if submission.orders]
        machine = self.context.machine
        root, group = self.dialogue.hello.root, bool(machine.group)
        scripts = payload(filled, self.caller, root, machine.setup, group=group)
        return scripts, secret_payload(filled)

    def _left(self, submissions: Sequence[Submission]) -> list[Submission]:
        """The submissions without the orders that have been answered; none if all have been."""
        kept = [
            replace(
                submission,
                orders=tuple(o for o in submission.orders if _key(o) not in self.answers),
            )
            for submission in submissions
        ]
        return kept if any(submission.orders for submission in kept) else []

    # --- claims -----------------------------------------------------------------------------------

    def claim(self, submissions: Sequence[Submission], archives: tuple[bytes, bytes]) -> None:
        """Unpack scripts, tasks and secrets, and if they came whole claim every attempt; those that
        somebody else was quicker with are answered."""
        self.dialogue.load("submit")
        data = b"".join(archives)
        before = "".join(
            f"{verb} {len(archive)} {hashlib.sha256(archive).hexdigest()} || return 1\n"
            for verb, archive in zip(("payload", "secrets"), archives, strict=True)
            if archive
        )
        taken: list[str] = []
        for text in _claims(submissions):
            taken += self.dialogue.ask(before + text, data).lines("taken")
            before, data = "", b""
        lost = set(taken)
        orders = (order for submission in submissions for order in submission.orders)
        self._answer_known(
            [_key(order) for order in orders if layout.attempt(*_key(order)) in lost],
            certain=True,
        )

    def _answer_known(self, attempts: list[Attempt], *, certain: bool = False) -> None:
        """Answer the attempts that are there; with `certain`, every one of them is."""
        for attempt, evidence in read_evidence(self.dialogue, attempts, self.caller.is_id).items():
            answer = settled(*attempt, evidence, self.caller)
            if answer is None:
                answer = Settlement(*attempt, Settled.PENDING, token=evidence.claim)
            if answer.outcome is not Settled.ABSENT:
                self.answers[attempt] = replace(answer, found=True)
            elif certain:
                self.answers[attempt] = Settlement(*attempt, Settled.PENDING, found=True)

    # --- calls ------------------------------------------------------------------------------------

    def call(self, submissions: Sequence[Submission]) -> None:
        """Call the scheduler, level by level; a part that is refused for its size is halved."""
        waiting = dict(enumerate(submissions))
        while waiting:
            ready = [n for n, one in waiting.items() if not one.parents & waiting.keys()]
            if not ready:
                raise ValueError("submissions wait for each other in a circle")
            parts = [(n, part) for n in ready for part in self._parts(waiting[n])]
            while parts:
                parts = self._round(submissions, parts)
            for n in ready:
                del waiting[n]
        if self.unwritten:
            self.dialogue.ask(self._unwritten_ids())

    def look_for_unclear(self, search: Searcher | None) -> None:
        """Settle what was answered with words that are not understood."""
        unclear = {a: one for a, one in self.answers.items() if one.outcome is Settled.UNCLEAR}
        if not unclear:
            return
        pending = {a: replace(one, outcome=Settled.PENDING) for a, one in unclear.items()}
        self.answers |= pending
        if search is not None:
            with suppress(SchedulerUnavailable):
                self.answers |= find_unclear(self.dialogue, unclear, search, self.caller)

    def _parts(self, submission: Submission) -> Iterator[Slice]:
        """Runs of orders that are ours to hand in, none longer than the scheduler takes."""
        limit = max(1, self.caller.limit()) if submission.array else 1
        first = None
        for index, order in enumerate(submission.orders):
            ours = _key(order) not in self.answers
            if first is not None and (not ours or index - first >= limit):
                yield Slice(first, index - 1)
                first = None
            if ours and first is None:
                first = index
        if first is not None:
            yield Slice(first, len(submission.orders) - 1)

    def _round(
        self, submissions: Sequence[Submission], parts: list[tuple[int, Slice]]
    ) -> list[tuple[int, Slice]]:
        calls = [(n, part) for n, part in parts if not self._orphaned(submissions[n], part)]
        texts = [self._call_text(submissions[n], part) for n, part in calls]
        if texts:
            texts[0] = self._unwritten_ids() + texts[0]
        self.dialogue.calls += len(calls)
        again: list[tuple[int, Slice]] = []
        full: set[int] = set()
        replies = list(self.dialogue.ask_all(texts))  # all read before anything else is said
        for (n, part), reply in zip(calls, replies, strict=True):
            out, err = reply.need("out", "err")
            result = CommandResult(out.status, out.text, err.text)
            answer = self.caller.read(result)
            if answer.verdict is Verdict.FULL and part.first != part.last and n not in full:
                again += [(n, half) for half in part.halves()]
            else:
                self._settle(submissions[n], part, answer, result)
                if answer.verdict is Verdict.FULL:
                    full.add(n)
        return again

    def _orphaned(self, submission: Submission, part: Slice) -> bool:
        """A child whose parents could not be handed in waits with them."""
        parents = [
            self.answers.get((parent.signature, parent.attempt))
            for order in submission.orders[part.first : part.last + 1]
            for parent in order.parents
        ]
        if not any(parent is not None and parent.outcome in _NOT_IN for parent in parents):
            return False
        self._give_back(submission, part)
        for order in submission.orders[part.first : part.last + 1]:
            self.answers[_key(order)] = Settlement(
                *_key(order), Settled.FULL, reason="waits for a job that was not handed in"
            )
        return True

    def _after(self, submission: Submission, part: Slice) -> list[str]:
        """Ids of the parents in this trip, whoever handed them in; whole calls if they are many."""
        parents = [
            (parent.signature, parent.attempt)
            for order in submission.orders[part.first : part.last + 1]
            for parent in order.parents
        ]
        tasks = [self.answers[key].scheduler_id for key in parents if key in self.answers]
        if len(set(tasks)) > _MANY_PARENTS:
            tasks = [self.calls.get(key, self.answers[key].scheduler_id) for key in parents]
        return [one for one in dict.fromkeys([*submission.after, *tasks]) if one]

    def _call_text(self, submission: Submission, part: Slice) -> str:
        command = self.caller.command(submission, part, self._after(submission, part))
        return f"call {submission.token} {quote(command)}"

    def _unwritten_ids(self) -> str:
        lines, self.unwritten = self.unwritten, []
        return "".join(f"{line}\n" for line in lines)

    def _settle(
        self, submission: Submission, part: Slice, reply: SubmitReply, result: CommandResult
    ) -> None:
        if reply.verdict in (Verdict.REFUSED, Verdict.FULL):
            self._give_back(submission, part)
        outcome = {
            Verdict.TAKEN: Settled.HANDED_IN,
            Verdict.REFUSED: Settled.REFUSED,
            Verdict.FULL: Settled.FULL,
            Verdict.UNAVAILABLE: Settled.PENDING,
            Verdict.UNCLEAR: Settled.UNCLEAR,
        }[reply.verdict]
        if reply.verdict is Verdict.TAKEN:
            kind, bounds = _kind(submission), f"{part.first} {part.last}"
            self.unwritten.append(f"ids {submission.token} {quote(reply.id)} {kind} {bounds}")
        for index in range(part.first, part.last + 1):
            order = submission.orders[index]
            taken = reply.verdict is Verdict.TAKEN
            if taken:
                self.calls[_key(order)] = reply.id
            self.answers[_key(order)] = Settlement(
                *_key(order),
                outcome,
                token=submission.token,
                index=index,
                scheduler_id=self.caller.task_id(reply.id, index if submission.array else None)
                if taken
                else "",
                reason=reply.reason,
                evidence=result.words,
            )

    def _give_back(self, submission: Submission, part: Slice) -> Reply:
        return self.dialogue.ask(
            f"give_back {submission.token} {_attempts(submission, part.first, part.last)}"
        )


def _kind(submission: Submission) -> str:
    return "a" if submission.array else "s"


def _attempts(submission: Submission, first: int, last: int) -> str:
    orders = submission.orders[first : last + 1]
    return " ".join([layout.attempt(*_key(order)) for order in orders])


def _claims(submissions: Sequence[Submission]) -> Iterator[str]:
    """The chunks that make directories and claims, in the order that exactly-once needs."""
    parts = (
        (submission, Slice(first, min(first + _CLAIMS, len(submission.orders)) - 1))
        for submission in submissions
        for first in range(0, len(submission.orders), _CLAIMS)
    )
    chunk: list[tuple[Submission, Slice]] = []
    for submission, part in parts:
        if sum(one.size for _, one in chunk) + part.size > _CLAIMS:
            yield _claims_text(chunk)
            chunk = []
        chunk.append((submission, part))
    if chunk:
        yield _claims_text(chunk)


def _claims_text(parts: Sequence[tuple[Submission, Slice]]) -> str:
    orders = [
        order
        for submission, part in parts
        for order in submission.orders[part.first : part.last + 1]
    ]
    return "\n".join(
        (
            f"claims_begin {len(orders)} || return 1",
            "prepare "
            + " ".join([layout.job(order.signature) for order in orders])
            + " || return 1",
            *(f"record {layout.job(order.signature)} {quote(order.record)}" for order in orders),
            "attempts " + " ".join([layout.attempt(*_key(order)) for order in orders]),
            *(
                f"claims {submission.token} {_kind(submission)} {part.first} "
                + _attempts(submission, part.first, part.last)
                for submission, part in parts
            ),
            "claims_end",
        )
    )
