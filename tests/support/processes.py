"""Processes of this computer, named by id and start time, or by what is in their environment."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from tests.support.waiting import eventually


def start_time(pid: int) -> str | None:
    """When a process started, in the kernel's ticks; None if it has gone or is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def await_end(pid: int, started: str, timeout: float | None = None) -> bool:
    """Whether that very process ends within `timeout` seconds (None: wait for ever)."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return True
    try:
        if start_time(pid) != started:
            return True
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        return bool(poller.poll(None if timeout is None else int(timeout * 1000)))
    finally:
        os.close(handle)


def end(pid: int, patience: float = 10.0) -> None:
    """End one process: asked at first, then killed. Children of this process are reaped."""
    started = start_time(pid)
    for sent in (signal.SIGTERM, signal.SIGKILL):
        if started is None:
            break
        with suppress(ProcessLookupError):
            os.kill(pid, sent)
        if await_end(pid, started, patience):
            break
    reap(pid)


def reap(pid: int) -> None:
    """Take the exit status of one that has ended, if it was a child of this process."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def with_environment(entry: str) -> Iterator[int]:
    """The processes whose environment holds `NAME=value`, this one excepted."""
    wanted = entry.encode() + b"\0"
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = b"\0" + (directory / "environ").read_bytes()
            if b"\0" + wanted in environment and int(directory.name) != os.getpid():
                yield int(directory.name)


def descendants(roots: set[int]) -> set[int]:
    """The processes themselves and all that descend from them."""
    parents: dict[int, int] = {}
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (directory / "stat").read_text().rpartition(")")[2].split()
            parents[int(directory.name)] = int(fields[1])
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def processes_of(uid: int) -> set[int]:
    """The processes of one user."""
    found = set()
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if directory.stat().st_uid == uid and start_time(int(directory.name)) is not None:
                found.add(int(directory.name))
    return found


def end_all(find: Callable[[], set[int]], patience: float = 30.0) -> None:
    """Kill what `find` finds with all its descendants, until it finds nothing."""

    def kill() -> bool:
        found = find()
        for pid in descendants(found):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not found

    eventually(kill, timeout=patience)
