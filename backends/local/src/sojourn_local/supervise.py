"""Watching one job until its end: its limits, the wish to cancel it, and what became of it."""

import os
import select
import signal
import time
from contextlib import suppress
from typing import NamedTuple

from sojourn_local import memory, processes
from sojourn_local.layout import Layout
from sojourn_local.locks import Owned
from sojourn_local.records import End
from sojourn_local.tree import Exit, Tree, clear

_TICK = 2.0
"""Longest sleep in seconds: a wish to cancel is normally announced by a signal."""
_SAMPLE, _SAMPLE_CLOSELY = 0.2, 0.03
_CLOSE = 0.6
"""Share of the memory limit from which on it is sampled closely."""
_LINGER = 0.5
"""Seconds for which what a job leaves behind may end by itself."""
_KILLED = 128 + signal.SIGKILL


class Alarm:
    """Sleeps until a child ends, a client calls, or time is up."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(number, lambda *_: None)

    def sleep(self, seconds: float, also: int | None = None) -> None:
        """At most `seconds`, and no longer than until the descriptor `also` is ready."""
        handles = [self._read] if also is None else [self._read, also]
        if self._read in select.select(handles, [], [], max(0.0, seconds))[0]:
            with suppress(BlockingIOError):
                os.read(self._read, 4096)


class Cause(NamedTuple):
    """Why a job is being ended."""

    outcome: str
    reason: str


class Watch:
    """One job that runs under our eyes."""

    def __init__(
        self, layout: Layout, job: Owned, tree: Tree, alarm: Alarm, *, grace: float
    ) -> None:
        if job.started is None:
            raise ValueError("it has not started")
        self._entry, self._start = job.entry, job.started
        self._exit = layout.attempt(job.entry.signature, job.entry.attempt) / "exit"
        self._cancel = layout.cancel_of(job.entry.id)
        self._tree, self._alarm, self._grace = tree, alarm, grace
        # How long it has run already, where we are not its first runner.
        self._began = time.monotonic() - max(0.0, time.time() - self._start.at)
        self._peak = 0
        self._kills = memory.kills()

    def until_end(self) -> End:
        """Enforce the limits; returns when nothing is left of the job."""
        cause: Cause | None = None
        kill_at = float("inf")
        while (seen := self._tree.ended()) is None:
            if cause is None and (cause := self._cause()) is not None:
                kill_at = time.monotonic() + self._grace
                left = self._tree.pids()
                processes.send(left, signal.SIGTERM)
                processes.send(left, signal.SIGCONT)  # One that is stopped would never know.
            if time.monotonic() >= kill_at:
                processes.send(self._tree.pids(), signal.SIGKILL)
            self._alarm.sleep(self._pause(kill_at if cause else None), self._tree.handle)
        finished = time.time()
        elapsed = time.monotonic() - self._began
        clear(self._tree, patience=0.0 if cause else _LINGER, grace=self._grace)
        # What was left behind has been reaped meanwhile.
        return self._end(self._tree.ended() or seen, cause, finished, elapsed)

    # --- why to end it ----------------------------------------------------------------------------

    def _cause(self) -> Cause | None:
        if self._cancel.exists():
            return Cause("CANCELLED", "cancelled")
        limit = self._entry.walltime
        if limit is not None and time.monotonic() - self._began >= limit:
            return Cause("TIMEOUT", f"ran into its walltime of {limit:g} s")
        limit = self._entry.memory
        if limit is not None:
            used = memory.used(self._tree.pids(), limit)
            self._peak = max(self._peak, used)
            if used > limit:
                return Cause("OUT_OF_MEMORY", memory.too_much(used, limit))
        return None

    def _pause(self, kill_at: float | None) -> float:
        now = time.monotonic()
        if kill_at is not None:
            return kill_at - now if kill_at > now else _SAMPLE_CLOSELY
        pause = _TICK
        if self._entry.walltime is not None:
            pause = min(pause, self._began + self._entry.walltime - now)
        if self._entry.memory is not None:
            close = self._peak > _CLOSE * self._entry.memory
            pause = min(pause, _SAMPLE_CLOSELY if close else _SAMPLE)
        return pause

    # --- what became of it ------------------------------------------------------------------------

    def _end(self, seen: Exit, cause: Cause | None, finished: float, elapsed: float) -> End:
        outcome, reason = self._judge(seen, cause)
        peaks = [one for one in (self._peak, seen.max_memory) if one]
        return End.of(self._entry, outcome, reason)._replace(
            status=seen.status,
            signal=seen.signal,
            started_at=self._start.at,
            finished_at=finished,
            elapsed=round(elapsed, 3),
            cpu=None if seen.cpu is None else round(seen.cpu, 3),
            max_memory=max(peaks, default=None),
        )

    def _judge(self, seen: Exit, cause: Cause | None) -> Cause:
        if cause is not None:
            return cause
        killed = seen.signal == signal.SIGKILL or seen.status == _KILLED
        if killed and memory.kills() > self._kills:
            return Cause("OUT_OF_MEMORY", "killed by the kernel, which was short of memory")
        if seen.signal is not None:
            name = signal.Signals(seen.signal).name
            return Cause("FAILED", f"job.sh was ended by {name}, by none of ours")
        if seen.status is None:
            if self._exit.exists():
                return Cause("", "its runner had died: the exit file tells how it ended")
            return Cause("FAILED", "both its runner and job.sh were killed")
        return Cause("COMPLETED" if seen.status == 0 else "FAILED", "")
