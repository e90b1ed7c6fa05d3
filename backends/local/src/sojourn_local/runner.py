"""What a runner does: takes jobs from the queue, one after the other, and watches each.

    runner ROOT SLOTS GRACE slot K LOCK       serves slot K, whose lock descriptor LOCK holds
    runner ROOT SLOTS GRACE adopt ID LOCK     watches the job ID, whose file's lock LOCK holds

It ends when there is nothing that may start. It needs the standard library only.
"""

import errno
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sojourn_local import processes
from sojourn_local.child import default_signals, out_of_the_way, start
from sojourn_local.layout import Layout
from sojourn_local.locks import Owned, owned, relock, unlock
from sojourn_local.pruning import prune
from sojourn_local.queue import Queue, put_back
from sojourn_local.records import End, Start
from sojourn_local.settle import begin_anew, finish, has_begun, settle
from sojourn_local.starting import start_adopter, start_runners
from sojourn_local.supervise import Alarm, Watch
from sojourn_local.tree import Children, Orphans

_PASSING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
)
"""What may be better later, and is no fault of the job's: it waits in the queue."""


def main(arguments: Sequence[str]) -> None:
    """Run until there is nothing to do."""
    root, slots, grace, verb, what, lock = arguments
    os.chdir("/")
    os.set_inheritable(int(lock), False)
    default_signals()
    runner = Runner(Layout(Path(root)), int(slots), float(grace))
    if verb == "adopt":
        runner.adopt(what, int(lock))
    else:
        runner.serve(int(what), int(lock))


class Runner:
    """One runner; `slots` and `grace` are the machine's when it was started."""

    def __init__(self, layout: Layout, slots: int, grace: float) -> None:
        self._layout, self._slots, self._grace = layout, slots, grace
        self._alarm = Alarm()
        me = processes.row(os.getpid())
        self._me = me.start if me is not None else ""

    def serve(self, slot: int, lock: int) -> None:
        """Take jobs as long as there are any that may start."""
        queue = Queue(self._layout)
        lock = out_of_the_way(lock)
        processes.adopt_orphans(True)
        while True:
            while (job := queue.take()) is not None:
                if job.entry.parents:
                    # Its parent's end may have let others start, too, whose runners have gone.
                    self._start_others(queue)
                self._perform(job, slot, lock)
            self._settle()
            # Whoever hands in a job now finds the slot free, or we find the job.
            unlock(lock)
            if not queue.ready(1) or not relock(lock):
                break
        prune(self._layout)

    def adopt(self, job: str, lock: int) -> None:
        """Watch a job that another runner has started, then look for more to do."""
        known = owned(lock, self._layout.running / job)
        if known.started is None:
            raise ValueError(f"{job} has not started")
        tree = Orphans(job, known.started)
        known = known.note(self._start(known.started.pid, known.started.slot, known.started))
        end = Watch(self._layout, known, tree, self._alarm, grace=self._grace).until_end()
        if has_begun(self._layout, known):
            finish(self._layout, known, end)
        else:  # Its runner died just before it let it run: it was on its way out.
            begin_anew(self._layout, known)
        self._settle()
        start_runners(self._layout, self._slots, grace=self._grace)

    def _perform(self, job: Owned, slot: int, lock: int) -> None:
        child = None
        try:
            child = start(self._layout, job.entry, lock)
            job = job.note(self._start(child.pid, slot))
        except OSError as error:
            # Nothing has run.
            if child is not None:
                child.drop()
            if error.errno in _PASSING:
                put_back(self._layout, job)
                raise
            reason = f"job.sh cannot be started: {error}"
            finish(self._layout, job, End.of(job.entry, "FAILED", reason))
            return
        child.release()
        tree = Children(child.pid)
        watch = Watch(self._layout, job, tree, self._alarm, grace=self._grace)
        finish(self._layout, job, watch.until_end())

    def _start(self, pid: int, slot: int, before: Start | None = None) -> Start:
        if before is not None:
            return before._replace(runner=os.getpid(), runner_start=self._me)
        named = processes.row(pid)
        return Start(
            world=processes.world(),
            pid=pid,
            start=named.start if named is not None else "",
            runner=os.getpid(),
            runner_start=self._me,
            slot=slot,
            at=time.time(),
        )

    def _settle(self) -> None:
        for job in settle(self._layout):
            with self._childless():
                start_adopter(self._layout, job, self._slots, grace=self._grace)

    def _start_others(self, queue: Queue) -> None:
        with self._childless():
            start_runners(self._layout, self._slots, grace=self._grace, queue=queue)

    @contextmanager
    def _childless(self) -> Iterator[None]:
        """Other runners are no children of ours: what their jobs use is not what ours use."""
        processes.adopt_orphans(False)
        try:
            yield
        finally:
            processes.adopt_orphans(True)
