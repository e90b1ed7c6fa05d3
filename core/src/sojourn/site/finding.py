"""Settling attempts with an unknown outcome: by their files, then by name in the queue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sojourn.batch.scheduler import Conversation, QueueEntry
from sojourn.site import layout
from sojourn.site.claims import IdRule, id_of, settled
from sojourn.site.evidence import EMPTY, Attempt, adopt, close, read_evidence
from sojourn.site.trip import Dialogue
from sojourn.values.messages import JobRef, Settled, Settlement, SiteEvidence

Searcher = Callable[[Sequence[str]], Conversation[Sequence[QueueEntry]]]
"""A conversation that looks up names in the queue."""


def find(
    dialogue: Dialogue,
    jobs: Sequence[JobRef],
    search: Searcher,
    ids: IdRule,
) -> dict[Attempt, Settlement]:
    """Settle attempts: adopted, closed, handed in, pending or absent.

    A job named with its scheduler id is one that the scheduler seems to have forgotten: it is
    looked for by name and, if it is in no queue and has not started, closed.

    Raises:
        SchedulerUnavailable: the queue could not be searched; nothing is closed.
    """
    evidence = read_evidence(dialogue, [(job.signature, job.attempt) for job in jobs], ids.is_id)
    answers: dict[Attempt, Settlement] = {}
    doubtful: list[Attempt] = []
    nameless: list[Attempt] = []  # started, and known by no id: the queue may tell it
    for job in jobs:
        attempt = (job.signature, job.attempt)
        seen = evidence[attempt]
        answer = settled(*attempt, seen, ids)
        vanished = bool(job.scheduler_id) and not (seen.started or seen.exit or seen.closed)
        if answer is None or (vanished and seen.present and seen.claim):
            doubtful.append(attempt)
        else:
            answers[attempt] = answer
            if layout.is_queue_name(answer.scheduler_id):
                nameless.append(attempt)
    if doubtful or nameless:
        # An empty claim's submission has no name, and was cut off before it called the scheduler.
        names = {
            attempt: layout.queue_name(evidence[attempt].claim)
            for attempt in (*doubtful, *nameless)
            if evidence[attempt].claim != EMPTY
        }
        found = entries_of(dialogue, search, names, evidence)
        answers |= _adopted(dialogue, found, evidence, ids)
        answers |= _closed(dialogue, [a for a in doubtful if a not in found], ids)
    return answers


def find_unclear(
    dialogue: Dialogue, unclear: Mapping[Attempt, Settlement], search: Searcher, ids: IdRule
) -> dict[Attempt, Settlement]:
    """Settle attempts whose submit command has ended with an answer that is not understood.

    Nobody is submitting them any more, so no time has to pass: those in the queue are adopted, the
    others closed, and UNCLEAR with the words that they were answered with.
    """
    evidence = read_evidence(dialogue, list(unclear), ids.is_id)
    names = {attempt: layout.queue_name(answer.token) for attempt, answer in unclear.items()}
    found = entries_of(dialogue, search, names, evidence)
    answers = _adopted(dialogue, found, evidence, ids)
    for attempt, answer in _closed(dialogue, [a for a in unclear if a not in found], ids).items():
        words = replace(unclear[attempt], outcome=Settled.UNCLEAR)
        answers[attempt] = words if answer.outcome is Settled.CLOSED else answer
    return answers


def entries_of(
    dialogue: Dialogue,
    search: Searcher,
    names: Mapping[Attempt, str],
    evidence: Mapping[Attempt, SiteEvidence],
) -> dict[Attempt, QueueEntry]:
    """The jobs that are in the queue under these names; those that are not are left out."""
    asked = sorted(set(names.values()))
    entries = _by_name(dialogue.converse(search(asked)) if asked else ())
    return {
        attempt: entry
        for attempt, name in names.items()
        if (entry := _match(entries.get(name, ()), evidence[attempt])) is not None
    }


def _by_name(entries: Sequence[QueueEntry]) -> dict[str, list[QueueEntry]]:
    names: dict[str, list[QueueEntry]] = {}
    for entry in entries:
        names.setdefault(entry.name, []).append(entry)
    return names


def _match(entries: Sequence[QueueEntry], seen: SiteEvidence) -> QueueEntry | None:
    exact = [entry for entry in entries if entry.index == seen.claim_index]
    whole = [entry for entry in entries if entry.index is None]
    return next(iter([*(exact if seen.claim_array else []), *whole]), None)


def _adopted(
    dialogue: Dialogue,
    found: Mapping[Attempt, QueueEntry],
    evidence: Mapping[Attempt, SiteEvidence],
    ids: IdRule,
) -> dict[Attempt, Settlement]:
    index = {a: evidence[a].claim_index if evidence[a].claim_array else None for a in found}
    missing = [(a, entry.id, index[a]) for a, entry in found.items() if not evidence[a].id]
    adopt(dialogue, missing)
    return {
        attempt: Settlement(
            *attempt,
            Settled.HANDED_IN,
            token=evidence[attempt].claim,
            index=evidence[attempt].claim_index,
            scheduler_id=ids.task_id(entry.id, index[attempt]),
            reason=f"found in the queue under the name {entry.name}",
        )
        for attempt, entry in found.items()
    }


def _closed(dialogue: Dialogue, attempts: list[Attempt], ids: IdRule) -> dict[Attempt, Settlement]:
    answers: dict[Attempt, Settlement] = {}
    started: list[Attempt] = []
    for attempt, shut in close(dialogue, attempts).items():
        if shut:
            reason = "it was in no queue and had not started: closed"
            answers[attempt] = Settlement(*attempt, Settled.CLOSED, reason=reason)
        else:
            started.append(attempt)
    for attempt, seen in read_evidence(dialogue, started, ids.is_id).items():
        answers[attempt] = Settlement(
            *attempt,
            Settled.HANDED_IN if seen.started or seen.exit else Settled.PENDING,
            token=seen.claim,
            index=seen.claim_index,
            scheduler_id=id_of(seen, ids),
            reason="it had started" if seen.started else "the attempt could not be closed",
        )
    return answers
