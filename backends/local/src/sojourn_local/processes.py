"""Processes by name (this boot, pid, start time), and whole trees of them.

A pid alone names nothing: it is used again, after a reboot most of all. Reads /proc where there
is one and asks `ps` elsewhere.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
_PR_SET_CHILD_SUBREAPER = 36


class Row(NamedTuple):
    """One process of the table. `start` only serves to tell two with one pid apart."""

    pid: int
    parent: int
    start: str
    dead: bool = False


@cache
def has_proc() -> bool:
    """Whether /proc tells about processes, as on Linux."""
    return (PROC / "self" / "stat").exists()


@cache
def boot() -> str:
    """The name of this boot of the computer."""
    with suppress(OSError):
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    told = subprocess.run(["sysctl", "-n", "kern.boottime"], capture_output=True, text=True)
    return told.stdout.strip() or "unknown"


@cache
def world() -> str:
    """The boot, and what tells containers on one computer apart: their pids are not comparable."""
    first = row(1) if has_proc() else None
    return f"{boot()} {first.start if first else '-'}"


def boot_of(world_name: str) -> str:
    """The boot's part of a world's name."""
    return world_name.partition(" ")[0]


# --- the table --------------------------------------------------------------------------------


def row(pid: int) -> Row | None:
    """One process; None if there is none."""
    if not has_proc():
        return _ps().get(pid)
    try:
        fields = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return Row(pid, int(fields[1]), fields[19].decode(), fields[0] in b"ZX")


def table() -> dict[int, Row]:
    """All processes that can be seen."""
    if not has_proc():
        return _ps()
    pids = (int(name) for name in os.listdir(PROC) if name.isdigit())  # noqa: PTH208  quicker
    return {found.pid: found for found in map(row, pids) if found is not None}


def _ps() -> dict[int, Row]:
    command = ["ps", "-A", "-o", "pid=,ppid=,stat=,lstart="]
    told = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C"})
    rows = {}
    for line in told.stdout.splitlines():
        pid, parent, state, *start = line.split()
        rows[int(pid)] = Row(int(pid), int(parent), " ".join(start), state[:1] == "Z")
    return rows


def is_alive(pid: int, start: str) -> bool:
    """Whether the process of this world with that pid and start time still runs."""
    found = row(pid)
    return found is not None and found.start == start and not found.dead


# --- trees ------------------------------------------------------------------------------------


def descendants(top: int, *, without: str = "") -> list[int]:
    """The living processes below `top`, parents first.

    Those whose command line holds `without`, and all below them, are left out.
    """
    children = _children_of_linux if _tells_children() else _children_by_table()
    found: list[int] = []
    ahead = [top]
    while ahead:
        for pid in children(ahead.pop()):
            if without and without in command_line(pid):
                continue
            found.append(pid)
            ahead.append(pid)
    return found


@cache
def _tells_children() -> bool:
    return (PROC / "self/task" / str(os.getpid()) / "children").exists()


def _children_of_linux(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in (PROC / str(pid) / "task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return [child for child in found if not _is_dead(child)]


def _is_dead(pid: int) -> bool:
    found = row(pid)
    return found is None or found.dead


class _children_by_table:  # noqa: N801  called like the function that it stands in for
    def __init__(self) -> None:
        self._by_parent: dict[int, list[int]] = {}
        for found in table().values():
            if not found.dead:
                self._by_parent.setdefault(found.parent, []).append(found.pid)

    def __call__(self, pid: int) -> list[int]:
        return self._by_parent.get(pid, [])


def command_line(pid: int) -> str:
    """The command line of a process, its words separated by spaces; "" if it has gone."""
    if not has_proc():
        command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    with suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("latin-1")
    return ""


def with_variable(name: str, value: str) -> Iterator[int]:
    """Our processes that were started with that environment variable, so far as it can be seen."""
    wanted = f"{name}={value}".encode()
    for pid in table() if has_proc() else ():
        with suppress(OSError):
            if wanted in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                yield pid


# --- signals ----------------------------------------------------------------------------------


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to processes; those that have gone are passed over."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def send_named(pid: int, start: str, number: signal.Signals) -> bool:
    """Send a signal to the process of that pid and start time and to no other; False if gone."""
    opener = getattr(os, "pidfd_open", None)
    try:
        # A process that we hold by a descriptor cannot be replaced by another between two steps.
        handle = opener(pid) if opener is not None else -1
    except OSError:
        handle = -1
    try:
        if not is_alive(pid, start):
            return False
        if handle >= 0:
            signal.pidfd_send_signal(handle, number)
        else:
            os.kill(pid, number)
        return True
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        if handle >= 0:
            os.close(handle)


def adopt_orphans(on: bool) -> None:
    """Make this process the parent of descendants that have lost theirs (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)
