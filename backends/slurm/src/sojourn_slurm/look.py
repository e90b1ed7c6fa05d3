"""Asking about jobs: the controller first, the accounting about what it shows as ended or not at all.

Nothing is concluded from silence: a job is absent only if every source that may know it has
answered and none does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sojourn.batch import sources
from sojourn.batch.commands import pieces
from sojourn.batch.scheduler import Conversation, QueueEntry
from sojourn.errors import SchedulerUnavailable
from sojourn.values.messages import Phase, SchedulerWord
from sojourn_slurm import sacct, squeue
from sojourn_slurm.commands import MOST, said
from sojourn_slurm.ids import Answers, is_id, job_of, shortest
from sojourn_slurm.site import Site


@dataclass(frozen=True, slots=True)
class Source:
    """What one source has answered; `trouble` is why some of it may be missing."""

    answers: Answers[SchedulerWord]
    trouble: str = ""


def look(site: Site, ids: Sequence[str]) -> Conversation[Mapping[str, SchedulerWord]]:
    """The word on each id."""
    asked = [one for one in dict.fromkeys(ids) if is_id(one)]
    calls = (squeue.ask(site.commands, piece) for piece in pieces(shortest(asked), MOST))
    queue = yield from _ask(calls, squeue.read)
    shown = {one: queue.answers.get(one) for one in asked}
    ended = [one for one, word in shown.items() if word is not None and word.outcome is not None]
    # Tasks that were cancelled together share a record, which answers to their array's id only.
    gone = dict.fromkeys(job_of(one) for one, word in shown.items() if word is None)
    records: Source | None = None
    if (ended or gone) and site.accounting is not False:
        calls = (sacct.ask(site.commands, p) for p in pieces([*gone, *shortest(ended)], MOST))
        records = yield from _ask(calls, sacct.read)
        records = None if sacct.OFF in records.trouble else records
    words = {one: settle(one, queue, records) for one in asked}
    if queue.trouble and all(word.phase is Phase.UNKNOWN for word in words.values()):
        raise SchedulerUnavailable(queue.trouble)
    no_id = SchedulerWord(Phase.UNKNOWN, reason="not an id of Slurm's")
    return {one: words.get(one, no_id) for one in ids}


def _ask(
    calls: Iterable[str], read: Callable[[str], Answers[SchedulerWord]]
) -> Conversation[Source]:
    lines, trouble = [], ""
    for call in calls:
        result = yield call
        lines.append(result.stdout)
        if result.status != 0 and squeue.UNKNOWN_ID not in result.stderr:
            trouble = said(result)
            break  # a controller that is down takes its time
    return Source(read("\n".join(lines)), trouble)


def settle(one: str, queue: Source, records: Source | None) -> SchedulerWord:
    """What is to be said of one job. Pure."""
    record, trouble = (records.answers.get(one), records.trouble) if records else (None, "")
    found = sources.settle(
        queue.answers.get(one), record, queue_trouble=queue.trouble, records_trouble=trouble
    )
    if found.phase is not Phase.ABSENT or job_of(one) not in queue.answers.jobs:
        return found
    if "_" not in one:
        why = "an array: its tasks are what can be asked about"
        return SchedulerWord(Phase.UNKNOWN, reason=why)
    why = "other tasks of its array are known: one cancelled while it waited leaves no record"
    return replace(found, reason=why) if records and record is None else found


def search(site: Site, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
    """This user's jobs under these names, one entry for each task, `id` that of the whole array."""
    found: dict[str, Answers[None]] = {name: Answers() for name in names}
    for piece in pieces(found, MOST):
        result = yield squeue.ask_names(site.commands, piece)
        if result.status != 0:
            raise SchedulerUnavailable(said(result))
        _note(result.stdout, found)
        missing = [name for name in piece if not found[name].jobs]
        if missing and site.accounting is not False:
            # Only for what has ended a while ago: its silence matters to nothing that is alive.
            result = yield sacct.ask_names(site.commands, missing)
            _note(result.stdout, found)
    tasks = {(name, *task): None for name, answers in found.items() for task in answers}
    return [QueueEntry(*task) for task in tasks]


def _note(text: str, found: Mapping[str, Answers[None]]) -> None:
    for line in text.splitlines():
        printed, _, name = line.partition("|")
        if (answers := found.get(name.removesuffix("|"))) is not None:
            answers.put(printed, None)
