"""How much memory a tree of processes uses, and whether the kernel has killed for want of it."""

import os
import subprocess
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from sojourn_local.processes import PROC, has_proc

_PAGE = os.sysconf("SC_PAGE_SIZE")


def used(pids: Collection[int], limit: int) -> int:
    """Bytes that the processes hold in memory.

    Pages that they share are counted once for each, which is cheap, and only where that sum is
    above `limit` in the right proportion, which is not.
    """
    total = resident(pids)
    return proportional(pids) if total > limit else total


def resident(pids: Collection[int]) -> int:
    """The sum of the resident sets."""
    if not has_proc():
        return sum(_ps_resident(pids))
    total = 0
    for pid in pids:
        with suppress(OSError, IndexError):
            total += int((PROC / str(pid) / "statm").read_bytes().split()[1]) * _PAGE
    return total


def proportional(pids: Collection[int]) -> int:
    """The same with shared pages divided among those who share them."""
    total = 0
    for pid in pids:
        share = _share(pid)
        total += resident([pid]) if share is None else share
    return total


def _share(pid: int) -> int | None:
    with suppress(OSError, ValueError):
        for line in (PROC / str(pid) / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return None


def _ps_resident(pids: Collection[int]) -> list[int]:
    if not pids:
        return []
    command = ["ps", "-o", "rss=", "-p", ",".join(map(str, pids))]
    told = subprocess.run(command, capture_output=True, text=True)
    return [int(word) * 1024 for word in told.stdout.split()]


# --- the kernel's own killings --------------------------------------------------------------------

_GROUPS = Path("/sys/fs/cgroup")


def kills() -> int:
    """How many processes the kernel has killed for want of memory, as near to us as it counts.

    The number of our own control group where there is one, else that of the whole computer.
    """
    for file in _counters():
        with suppress(OSError):
            for line in file.read_text().splitlines():
                word, _, number = line.partition(" ")
                if word == "oom_kill":
                    return int(number)
    return 0


def _counters() -> tuple[Path, ...]:
    """Where the count may stand, the nearest first; in a container our group's path may be cut."""
    second, first = [_GROUPS / "memory.events"], [_GROUPS / "memory/memory.oom_control"]
    with suppress(OSError):
        for line in (PROC / "self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                second.insert(0, _GROUPS / path.strip("/") / "memory.events")
            elif "memory" in controllers.split(","):
                first.insert(0, _GROUPS / "memory" / path.strip("/") / "memory.oom_control")
    return (*second, *first, PROC / "vmstat")


def too_much(used: int, limit: int) -> str:
    """In words, that so many bytes are more than were asked for. Pure."""
    told, most = _size(used), _size(limit)
    return f"used {told}, more than its {most}" if told != most else f"used more than its {most}"


def _size(number: float) -> str:
    unit = "B"
    for larger in ("KiB", "MiB", "GiB"):
        if number < 1024:
            break
        number, unit = number / 1024, larger
    return f"{number:.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"
