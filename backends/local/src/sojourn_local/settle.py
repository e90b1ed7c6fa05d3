"""Jobs whose runner has died: put back, given to a new runner, or found to have ended."""

import os
import signal

from sojourn_local import processes
from sojourn_local.layout import Layout
from sojourn_local.locks import Owned, own, try_lock
from sojourn_local.queue import put_back
from sojourn_local.records import End, Start
from sojourn_local.tree import Orphans, gone


def settle(layout: Layout) -> list[Owned]:
    """Look after jobs without a runner; those returned run, and must be given one.

    Raises:
        OSError: it could not be written down, as on a full disk; nothing is lost.
    """
    orphans = []
    for file in list(layout.running.iterdir()) if layout.running.exists() else ():
        if file.suffix == ".cancel":
            if not file.with_suffix("").exists():  # It came too late, and nobody has seen it.
                file.unlink(missing_ok=True)
            continue
        try:
            job = own(file)
        except ValueError as error:
            End("FAILED", f"its file in the queue is damaged: {error}").write(layout, file.name)
            file.unlink(missing_ok=True)
            continue
        if job is not None and _settle(layout, job):
            orphans.append(job)
    return orphans


def finish(layout: Layout, job: Owned, end: End) -> None:
    """Write down what became of a job, and let go of it."""
    end.write(layout, job.entry.id)
    layout.cancel_of(job.entry.id).unlink(missing_ok=True)
    job.remove()


def _settle(layout: Layout, job: Owned) -> bool:
    """Settle one job whose lock we hold; True if it runs, and the lock is kept."""
    name = job.entry.id
    if (layout.ended / name).exists():  # Its runner died between the two steps of `finish`.
        layout.cancel_of(name).unlink(missing_ok=True)
        job.remove()
        return False
    if job.started is not None and is_running(layout, job.started):
        if job.started.world == processes.world():
            return True
        job.close()
        return False
    if not has_begun(layout, job):
        begin_anew(layout, job)
        return False
    if job.started is not None:
        _kill_the_rest(name, job.started)
    finish(layout, job, _judge(layout, job))
    return False


def has_begun(layout: Layout, job: Owned) -> bool:
    """Whether job.sh has started the attempt, which it could not do twice."""
    return (layout.attempt(job.entry.signature, job.entry.attempt) / "started").exists()


def begin_anew(layout: Layout, job: Owned) -> None:
    """Put back what has not begun, unless it is not wanted any more."""
    if layout.cancel_of(job.entry.id).exists():
        finish(layout, job, _end(job, "CANCELLED", "cancelled before it started"))
    else:
        put_back(layout, job)


def is_running(layout: Layout, start: Start) -> bool:
    """Whether job.sh runs. One of another container can only be told by its slot's lock."""
    world = processes.world()
    if start.world == world:
        return processes.is_alive(start.pid, start.start)
    if processes.boot_of(start.world) != processes.boot_of(world):
        return False
    lock = try_lock(layout.slots / str(start.slot))
    if lock is not None:
        os.close(lock)
    return lock is None


def _kill_the_rest(job: str, start: Start) -> None:
    """What a job has left behind when both its runner and job.sh were killed."""
    tree = Orphans(job, start)
    if tree.pids():
        processes.send(tree.pids(), signal.SIGKILL)
        gone(tree, 10.0, kill=True)


def _judge(layout: Layout, job: Owned) -> End:
    attempt = layout.attempt(job.entry.signature, job.entry.attempt)
    if (attempt / "exit").exists():
        return _end(job, "", "its runner had died: the exit file tells how it ended")
    if layout.cancel_of(job.entry.id).exists():
        return _end(job, "CANCELLED", "cancelled")
    start = job.started
    if start is not None and processes.boot_of(start.world) != processes.boot():
        return _end(job, "NODE_FAIL", "the computer was started anew while it ran")
    return _end(job, "FAILED", "both its runner and job.sh were killed")


def _end(job: Owned, outcome: str, reason: str) -> End:
    start = job.started
    return End.of(job.entry, outcome, reason)._replace(
        started_at=None if start is None else start.at
    )
