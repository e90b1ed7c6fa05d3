"""Processes by name: who runs a workflow, who watches a store, and whether they still live.

A pid alone names nothing: it is used again, after a reboot most of all. A name is one line,
such as `pid 4711 on node7 (started 81234, boot 1f0c..., pids 4026531836)`, to be kept in the
store and shown to people. Imports nothing heavy.
"""

import os
import re
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_NAME = re.compile(
    r"pid (?P<pid>\d+) on (?P<host>\S*) \(started (?P<start>[^,]*), boot (?P<boot>[^,]*),"
    r" pids (?P<space>[^,)]*)\)"
)


@dataclass(frozen=True, slots=True)
class Process:
    """One process, of this computer or another. `space` names what its pid is counted in."""

    pid: int
    host: str
    start: str
    boot: str
    space: str = ""

    def __str__(self) -> str:
        return (
            f"pid {self.pid} on {self.host} "
            f"(started {self.start}, boot {self.boot}, pids {self.space})"
        )

    @property
    def short(self) -> str:
        """As a person wants it."""
        return f"pid {self.pid} on {self.host}"

    def alive(self) -> bool | None:
        """Whether it still runs; None where that cannot be known from here."""
        if self.host != host():
            return None
        if self.boot != boot():
            return False
        if self.space != space():
            return None
        return start_of(self.pid) == self.start

    @classmethod
    def parse(cls, name: str) -> "Process | None":
        """The process of that name; None if this is no such name."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        return cls(int(found["pid"]), found["host"], found["start"], found["boot"], found["space"])


def process(pid: int) -> Process:
    """A process of this computer by its pid, so that it can be told from any later one."""
    return Process(pid, host(), start_of(pid) or "gone", boot(), space())


def me() -> Process:
    """This process."""
    return process(os.getpid())


def is_dead(name: str) -> bool:
    """Whether the process of that name is known to have ended. A name that is none of ours, or
    of another computer, is not."""
    found = Process.parse(name)
    return found is not None and found.alive() is False


@cache
def host() -> str:
    """This computer's name, without blanks."""
    return re.sub(r"\s", "_", socket.gethostname()) or "localhost"


@cache
def boot() -> str:
    """The name of this boot of the computer."""
    with suppress(OSError):
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    told = subprocess.run(["sysctl", "-n", "kern.boottime"], capture_output=True, text=True)
    return _word(told.stdout) or "unknown"


def space() -> str:
    """What pids are counted in: those of two containers on one computer are not comparable."""
    with suppress(OSError):
        return "".join(filter(str.isdigit, os.readlink(_PROC / "self/ns/pid")))  # noqa: PTH115
    return ""


def start_of(pid: int) -> str | None:
    """When a process started, in words of the kernel's; None if it has ended."""
    if (_PROC / "self/stat").exists():
        try:
            fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in b"ZX" else fields[19].decode()
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C"})
    state, _, started = told.stdout.strip().partition(" ")
    return _word(started) if started and not state.startswith("Z") else None


def _word(text: str) -> str:
    """Text without what separates the parts of a name."""
    return re.sub(r"[,\s()]+", "-", text.strip())
