"""Ends a job as schedulers do: `python -m tests.support.signalling PID ORDER SIGNAL PAUSE`.

Its processes are those of the session of PID. They are signalled one after another, with a pause
in between, which stands for a daemon that the kernel does not let run.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """A process."""

    pid: int
    parent: int
    session: int


def session(leader: int) -> list[Row]:
    """The processes of a session, by their numbers."""
    rows = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            rows.append(Row(int(folder.name), int(words[1]), int(words[3])))
    wanted = next((row.session for row in rows if row.pid == leader), -1)
    return sorted(row for row in rows if row.session == wanted)


def below(leader: int, rows: list[Row]) -> list[int]:
    """A process and what is below it, children first and the youngest of them first (OpenPBS)."""
    children = [row.pid for row in reversed(rows) if row.parent == leader]
    return [*(pid for child in children for pid in below(child, rows)), leader]


def depths(leader: int, rows: list[Row], depth: int = 0) -> dict[int, int]:
    """How far below `leader` each process is."""
    found = {leader: depth}
    for row in rows:
        if row.parent == leader:
            found |= depths(row.pid, rows, depth + 1)
    return found


def main() -> None:
    leader, order, name, pause = sys.argv[1:]
    rows = session(int(leader))
    tree, depth = below(int(leader), rows), depths(int(leader), rows)
    pids = {
        "youngest-first": tree,
        "oldest-first": sorted(tree),
        "parents-first": tree[::-1],
        "deepest-first": sorted(tree, key=lambda pid: (-depth[pid], pid)),
    }[order]
    for pid in pids:
        try:
            os.kill(pid, signal.Signals[f"SIG{name}"])
        except ProcessLookupError:
            continue
        time.sleep(float(pause))


if __name__ == "__main__":
    main()
