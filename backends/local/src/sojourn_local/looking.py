"""What the queue says of jobs, in the words that core understands."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from sojourn.batch.scheduler import QueueEntry
from sojourn.site.layout import queue_name
from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord, Usage
from sojourn_local.layout import Layout, is_id, split_id
from sojourn_local.queue import is_over, waiting
from sojourn_local.records import End, read_job

ABSENT = SchedulerWord(Phase.ABSENT)


def look(layout: Layout, ids: Iterable[str]) -> dict[str, SchedulerWord]:
    """The word on each job; ABSENT where it is neither waiting nor running nor known to have ended.

    Jobs move from one directory to the next while we look. They go forward only, as we do, but
    for those that are released or put back, so what was not found is looked for once more.
    """
    words: dict[str, SchedulerWord] = {}
    ahead = list(dict.fromkeys(ids))
    for _ in range(2):
        places = dict(waiting(layout)) if ahead else {}
        for job in ahead:
            word = _look(layout, job, places.get(job))
            if word is not None:
                words[job] = word
        ahead = [job for job in ahead if job not in words]
    return words | dict.fromkeys(ahead, ABSENT)


def search(layout: Layout, names: Sequence[str]) -> list[QueueEntry]:
    """All jobs that the queue knows under these names, ended ones included."""
    wanted = set(names)
    ids = [job for job, _ in waiting(layout)]
    for folder in (layout.held, layout.running, layout.ended):
        if folder.exists():
            ids += [file.name for file in folder.iterdir()]
    entries = {}
    for job in filter(is_id, ids):
        call, index = split_id(job)
        if queue_name(call) in wanted:
            entries[job] = QueueEntry(queue_name(call), call, index)
    return list(entries.values())


def _look(layout: Layout, job: str, waits_at: Path | None) -> SchedulerWord | None:
    if not is_id(job):
        return None
    try:
        return (
            (_waiting(layout, waits_at) if waits_at is not None else None)
            or _held(layout.held / job)
            or _running(layout.running / job)
            or _ended(layout, job)
        )
    except ValueError as error:
        return SchedulerWord(Phase.UNKNOWN, reason=f"its file in the queue is damaged: {error}")


def _waiting(layout: Layout, file: Path) -> SchedulerWord | None:
    text = _text(file)
    if text is None:
        return None
    entry, _ = read_job(text)
    parent = next((one for one in entry.parents if not is_over(layout, one)), None)
    return SchedulerWord(
        Phase.WAITING,
        native="queue",
        reason="waits for a free slot"
        if parent is None
        else f"waits for {parent.signature[:12]} to end",
        submitted_at=entry.submitted_at,
        raw=text.strip(),
    )


def _held(file: Path) -> SchedulerWord | None:
    text = _text(file)
    if text is None:
        return None
    entry, _ = read_job(text)
    return SchedulerWord(
        Phase.HELD,
        native="held",
        reason="held by hand",
        submitted_at=entry.submitted_at,
        raw=text.strip(),
    )


def _running(file: Path) -> SchedulerWord | None:
    text = _text(file)
    if text is None:
        return None
    _, start = read_job(text)
    raw = text.strip()
    if start is None:
        return SchedulerWord(Phase.WAITING, native="running", reason="about to start", raw=raw)
    return SchedulerWord(Phase.RUNNING, native="running", started_at=start.at, raw=raw)


def _ended(layout: Layout, job: str) -> SchedulerWord | None:
    text = _text(layout.ended / job)
    if text is None:
        return None
    try:
        end = End.decode(text)
    except ValueError:
        # Cut off by a crash of the computer: that it has ended is all that it says.
        return SchedulerWord(Phase.ENDED, native="ended", reason="its record is damaged", raw=text)
    return SchedulerWord(
        Phase.ENDED,
        native="ended",
        reason=end.reason,
        outcome=State(end.outcome) if end.outcome else None,
        exit_code=end.status,
        signal=end.signal,
        submitted_at=end.submitted_at,
        started_at=end.started_at,
        finished_at=end.finished_at,
        usage=Usage(end.elapsed, end.cpu, end.max_memory, end.cpus),
        conclusive=True,
        raw=text.strip(),
    )


def _text(file: Path) -> str | None:
    try:
        return file.read_text(errors="replace")
    except FileNotFoundError:
        return None
