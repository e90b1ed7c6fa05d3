"""Ending, holding and releasing jobs, with nothing but the root at hand."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from sojourn.batch.scheduler import Response, Took
from sojourn_local import processes
from sojourn_local.layout import Layout, is_id
from sojourn_local.locks import own
from sojourn_local.queue import leave_folder, put_back, waiting
from sojourn_local.records import End, read_job

_FINISHED = Response(Took.FINISHED, "it had ended before")
_TRIES = 5
"""A job may move from one directory to the next while we reach for it."""

Change = Callable[[Layout, str, Path | None], Response | None]
"""Changes one job, which waits in the file given; None if it is nowhere just now."""


def change(layout: Layout, ids: Sequence[str], how: Change) -> dict[str, Response]:
    """Apply `cancel`, `hold` or `release` to jobs; every id is answered."""
    unknown = Response(Took.UNKNOWN, "the queue does not know it")
    answers = {job: unknown for job in ids if not is_id(job)}
    ahead = [job for job in dict.fromkeys(ids) if job not in answers]
    for _ in range(_TRIES):
        places = dict(waiting(layout)) if ahead else {}
        for job in ahead:
            try:
                answer = how(layout, job, places.get(job))
            except ValueError as error:
                answer = Response(Took.REFUSED, f"its file in the queue is damaged: {error}")
            if answer is not None:
                answers[job] = answer
        ahead = [job for job in ahead if job not in answers]
    return answers | dict.fromkeys(ahead, unknown)


def cancel(layout: Layout, job: str, waits_at: Path | None) -> Response | None:
    """End a job: one that waits never starts, one that runs is ended by its runner.

    The end of one that runs is not waited for: what ignores TERM takes its time.
    """
    if (layout.ended / job).exists():
        return _FINISHED
    for file in filter(None, (waits_at, layout.held / job)):
        mine = own(file)
        if mine is not None:
            reason = "cancelled before it started"
            End.of(mine.entry, "CANCELLED", reason).write(layout, job)
            mine.remove()
            leave_folder(file)
            return Response(Took.DONE, reason)
    text = _text(layout.running / job)
    if text is None:
        return None
    layout.cancel_of(job).touch(0o666 & ~layout.umask)
    _, start = read_job(text)
    if start is not None and start.world == processes.world():
        processes.send_named(start.runner, start.runner_start, signal.SIGUSR1)
    return Response(Took.DONE, "its runner ends it")


def hold(layout: Layout, job: str, waits_at: Path | None) -> Response | None:
    """Keep a waiting job from starting."""
    mine = own(waits_at) if waits_at is not None else None
    if mine is not None and waits_at is not None:
        mine.move(layout.held / job).close()
        leave_folder(waits_at)
        return Response(Took.DONE)
    if (layout.held / job).exists():
        return Response(Took.DONE, "it was held before")
    return _too_late(layout, job)


def release(layout: Layout, job: str, waits_at: Path | None) -> Response | None:
    """Let a held job wait in the queue again, in its old place."""
    if waits_at is not None:
        return Response(Took.DONE, "it was not held")
    mine = own(layout.held / job)
    if mine is not None:
        put_back(layout, mine)
        return Response(Took.DONE)
    return _too_late(layout, job)


def _too_late(layout: Layout, job: str) -> Response | None:
    if (layout.ended / job).exists():
        return _FINISHED
    if (layout.running / job).exists():
        return Response(Took.REFUSED, "it is running")
    return None


def _text(file: Path) -> str | None:
    try:
        return file.read_text(errors="replace")
    except FileNotFoundError:
        return None
