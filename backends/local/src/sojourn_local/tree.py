"""All processes of one job, whoever watches it: their end, and how they are ended."""

import os
import select
import signal
import time
from contextlib import suppress
from typing import NamedTuple, Protocol

from sojourn_local import processes
from sojourn_local.child import JOB
from sojourn_local.records import Start

RUNNER = "sojourn_local.runner"
"""In the command line of every runner: one that a job has started is no part of the job."""


class Exit(NamedTuple):
    """How job.sh ended, None where nobody could see it; CPU seconds and bytes."""

    status: int | None = None
    signal: int | None = None
    cpu: float | None = None
    max_memory: int | None = None


class Tree(Protocol):
    """The processes of one job."""

    @property
    def handle(self) -> int | None:
        """A descriptor that is ready when job.sh ends; None where a signal tells, or nothing."""
        ...

    def ended(self) -> Exit | None:
        """How job.sh ended; None while it runs."""
        ...

    def pids(self) -> list[int]:
        """Those that run now."""
        ...

    def reap(self) -> None:
        """Take note of those that have ended."""
        ...


class Children:
    """The tree below this process, which started job.sh and adopts what loses its parent."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._exit: Exit | None = None
        self._cpu = 0.0
        self._memory = 0

    @property
    def handle(self) -> int | None:
        return None  # SIGCHLD comes.

    def ended(self) -> Exit | None:
        self.reap()
        if self._exit is None:
            return None
        return self._exit._replace(cpu=self._cpu, max_memory=self._memory)

    def pids(self) -> list[int]:
        return processes.descendants(os.getpid(), without=RUNNER)

    def reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status, used = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._cpu += used.ru_utime + used.ru_stime
                self._memory = max(self._memory, used.ru_maxrss * _MAXRSS_UNIT)
                if pid == self._pid:
                    code = os.waitstatus_to_exitcode(status)
                    self._exit = Exit(status=code) if code >= 0 else Exit(signal=-code)


class Orphans:
    """The tree of a job whose runner has died: found by parentage and by the job's mark."""

    def __init__(self, job: str, start: Start) -> None:
        self._job = job
        self._start = start
        self._handle: int | None = None
        with suppress(OSError, AttributeError):
            self._handle = os.pidfd_open(start.pid)

    @property
    def handle(self) -> int | None:
        return self._handle

    def ended(self) -> Exit | None:
        here = processes.world() == self._start.world
        if here and processes.is_alive(self._start.pid, self._start.start):
            return None
        return Exit()

    def pids(self) -> list[int]:
        pids = dict.fromkeys(processes.with_variable(JOB, self._job))
        if self.ended() is None:
            pids[self._start.pid] = None
        for pid in list(pids):
            pids |= dict.fromkeys(processes.descendants(pid, without=RUNNER))
        mine = os.getpid()
        return [pid for pid in pids if pid != mine and RUNNER not in processes.command_line(pid)]

    def reap(self) -> None:
        """Others reap them."""


_MAXRSS_UNIT = 1 if os.uname().sysname == "Darwin" else 1024


_PATIENCE = 30.0
"""Seconds to wait for the end of what was killed: a process stuck in the kernel stays."""


def clear(tree: Tree, *, patience: float, grace: float) -> None:
    """End what a job has left behind: nothing for `patience` seconds, then TERM, then KILL."""
    tree.reap()
    for number, seconds in ((None, patience), (signal.SIGTERM, grace), (signal.SIGKILL, _PATIENCE)):
        if number is not None:
            processes.send(tree.pids(), number)
        if gone(tree, seconds, number is signal.SIGKILL):
            return


def gone(tree: Tree, seconds: float, kill: bool) -> bool:
    """Wait until nothing is left of a tree, at most `seconds`; with `kill`, killing what is new."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    while left := tree.pids():
        if time.monotonic() > deadline:
            return False
        if kill:
            processes.send(left, signal.SIGKILL)
        select.select([], [], [], pause)
        pause = min(2 * pause, 0.1)
        tree.reap()
    return True
