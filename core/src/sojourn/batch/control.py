"""Cancelling, holding and releasing jobs on a machine: only those that are ours, by their names."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sojourn.batch.changing import Change as Wanted
from sojourn.batch.scheduler import Conversation, Response, Took
from sojourn.errors import SchedulerUnavailable
from sojourn.site import layout
from sojourn.site.claims import IdRule, id_of
from sojourn.site.evidence import EMPTY, Attempt, close, mark_cancelled, read_evidence
from sojourn.site.finding import Searcher, entries_of
from sojourn.site.trip import Dialogue
from sojourn.values.messages import Change, Changed, JobRef, SiteEvidence

Ask = Callable[[Mapping[str, str]], Conversation[Mapping[str, Response]]]
"""A conversation that changes jobs: ids, each with the name that the job has in the queue."""

_TOOK = {
    Took.DONE: Changed.DONE,
    Took.FINISHED: Changed.FINISHED,
    Took.UNKNOWN: Changed.ABSENT,
    Took.REFUSED: Changed.REFUSED,
    Took.FOREIGN: Changed.REFUSED,
}
_UNKNOWN = Response(Took.UNKNOWN)
_WRONG_ID = frozenset({Took.FOREIGN, Took.UNKNOWN})


def control(
    dialogue: Dialogue,
    jobs: Sequence[JobRef],
    wanted: Wanted,
    ask: Ask,
    search: Searcher,
    ids: IdRule,
) -> list[Change]:
    """Cancel, hold or release jobs.

    Before a cancel those that have not started are closed, so that they cannot start meanwhile.
    The name in the queue is that of the claim that lies on the machine. A job whose id is not
    known, to us or to the scheduler, or is that of another job, is looked for by its name.
    """
    attempts = [(job.signature, job.attempt) for job in jobs]
    evidence = read_evidence(dialogue, attempts, ids.is_id)
    asked = _Asked(dialogue, ask, search, ids, evidence)
    if wanted is not Wanted.CANCEL:
        asked.of(jobs)
        return [asked.change(one) for one in attempts]
    ended = {one for one in attempts if evidence[one].exit is not None}
    unstarted = [one for one in attempts if _is_unstarted(evidence[one])]
    closed = close(dialogue, unstarted) if dialogue.hello.writable else {}
    running = [
        one
        for one in attempts
        if evidence[one].present and one not in ended and not closed.get(one)
    ]
    with _marked(dialogue, running, evidence, asked.responses):
        asked.of(job for job, one in zip(jobs, attempts, strict=True) if one not in ended)
    changes = []
    for one in attempts:
        change = asked.change(one)
        if one in ended:
            change = Change(*one, Changed.FINISHED, "it had ended before")
        elif closed.get(one):
            change = replace(change, outcome=Changed.NEVER_RUNS)
        changes.append(change)
    return changes


def _is_unstarted(seen: SiteEvidence) -> bool:
    return seen.present and not seen.started and seen.exit is None


@contextmanager
def _marked(
    dialogue: Dialogue,
    running: Sequence[Attempt],
    evidence: Mapping[Attempt, SiteEvidence],
    responses: Mapping[Attempt, Response],
) -> Iterator[None]:
    """Mark the attempts that run as about to be cancelled, for job.sh to see.

    The mark is removed from those that the scheduler refuses to end or does not know, and from
    all if it does not answer. It stays if the connection is cut, or if an earlier cancel left it
    and the scheduler no longer knows the job: it may be ending.
    """
    mark_cancelled(dialogue, running)
    try:
        yield
    except SchedulerUnavailable:
        mark_cancelled(dialogue, running, cancelled=False)
        raise

    def goes_on(attempt: Attempt) -> bool:
        took = responses.get(attempt, _UNKNOWN).took
        unknown = took is Took.UNKNOWN and not evidence[attempt].cancelled
        return unknown or took in (Took.REFUSED, Took.FOREIGN)

    mark_cancelled(dialogue, list(filter(goes_on, running)), cancelled=False)


@dataclass(slots=True)
class _Asked:
    """What the scheduler answered about each attempt."""

    dialogue: Dialogue
    ask: Ask
    search: Searcher
    ids: IdRule
    evidence: Mapping[Attempt, SiteEvidence]
    responses: dict[Attempt, Response] = field(default_factory=dict)

    def of(self, jobs: Iterable[JobRef]) -> None:
        names, known = {}, {}
        for job in jobs:
            attempt = (job.signature, job.attempt)
            claim = self.evidence[attempt].claim
            token = job.token if claim in ("", EMPTY) else claim
            if not token:
                continue  # nothing says which job of the queue it is
            names[attempt] = layout.queue_name(token)
            one = id_of(self.evidence[attempt], self.ids) or job.scheduler_id
            if self.ids.is_id(one) and not layout.is_queue_name(one):
                known[attempt] = one
        self._change(known, names)
        wrong = [a for a, r in self.responses.items() if r.took in _WRONG_ID]
        missing = [*wrong, *(attempt for attempt in names if attempt not in known)]
        found = self._found({attempt: names[attempt] for attempt in missing})
        self._change(found, names)

    def change(self, attempt: Attempt) -> Change:
        """What became of the request about one attempt."""
        response = self.responses.get(attempt, _UNKNOWN)
        return Change(*attempt, _TOOK[response.took], response.reason)

    def _found(self, names: Mapping[Attempt, str]) -> dict[Attempt, str]:
        """The ids of jobs that are in the queue under their names."""
        entries = entries_of(self.dialogue, self.search, names, self.evidence)
        index = {
            attempt: self.evidence[attempt].claim_index
            if self.evidence[attempt].claim_array
            else None
            for attempt in entries
        }
        return {a: self.ids.task_id(entry.id, index[a]) for a, entry in entries.items()}

    def _change(self, known: Mapping[Attempt, str], names: Mapping[Attempt, str]) -> None:
        if not known:
            return
        asked = {one: names[attempt] for attempt, one in known.items()}
        responses = self.dialogue.converse(self.ask(asked))
        self.responses |= {a: responses.get(one, _UNKNOWN) for a, one in known.items()}
