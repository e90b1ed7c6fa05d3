"""The queue of waiting jobs: what runners take from, and what clients put into it."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sojourn_local.layout import Layout, call_of, job_id
from sojourn_local.locks import Owned, own
from sojourn_local.records import End, Entry, Parent

_FRESH = 1.0
"""Seconds for which a listing is good: newer jobs stand behind those listed anyway."""


def waiting(layout: Layout) -> Iterator[tuple[str, Path]]:
    """Ids and files of the jobs in the queue, in the order in which they were handed in."""
    for folder in sorted(_names(layout.queue)):
        call = call_of(folder)
        if call:
            names = filter(str.isdigit, _names(layout.queue / folder))
            for name in sorted(names, key=int):
                yield job_id(call, int(name)), layout.queue / folder / name


def put_back(layout: Layout, job: Owned) -> None:
    """Let a job wait (again), in its old place, and give its lock back."""
    folder = layout.queue / job.entry.folder
    while True:
        folder.mkdir(0o777 & ~layout.umask, exist_ok=True)
        try:
            job.move(folder / str(job.entry.task))
        except FileNotFoundError:
            # A runner has just removed the directory, which was empty; or the job has gone.
            if job.path.exists():
                continue
        job.close()
        return


def leave_folder(file: Path) -> None:
    """Remove the directory of a job that has left it, if it was the last."""
    with suppress(OSError):
        file.parent.rmdir()


class Queue:
    """The queue as one runner sees it: keeps what it has listed and read."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._ahead: deque[tuple[str, Path]] = deque()
        self._listed = float("-inf")
        self._entries: dict[Path, Entry] = {}
        self._over: set[Parent] = set()

    def take(self) -> Owned | None:
        """The first job that may start, moved to `running` with its lock; None if there is none."""
        for _ in range(2):
            if time.monotonic() - self._listed > _FRESH:
                self._list()
            taken = self._first()
            if taken is not None:
                return taken
            self._listed = float("-inf")
        return None

    def ready(self, at_most: int) -> int:
        """How many jobs may start now, counted no further than `at_most`."""
        self._list()
        found = 0
        before: set[Parent] = set()
        for job, file in self._ahead:
            if found >= at_most:
                break
            entry = self._entry(job, file)
            if entry is not None:
                found += self._may_start(entry, before)
                before.add(entry.attempted)
        return found

    def _list(self) -> None:
        self._ahead = deque(waiting(self._layout))
        self._listed = time.monotonic()
        there = {file for _, file in self._ahead}
        self._entries = {file: entry for file, entry in self._entries.items() if file in there}

    def _first(self) -> Owned | None:
        passed: list[tuple[str, Path]] = []
        before: set[Parent] = set()
        try:
            while self._ahead:
                job, file = self._ahead.popleft()
                entry = self._entry(job, file)
                if entry is None:
                    leave_folder(file)
                    continue
                if not self._may_start(entry, before):
                    before.add(entry.attempted)
                    passed.append((job, file))
                    continue
                taken = self._move(job, file)
                if taken is not None:
                    return taken
        finally:
            self._ahead.extendleft(reversed(passed))
        return None

    def _move(self, job: str, file: Path) -> Owned | None:
        taken = own(file)
        if taken is None:
            return None
        if (self._layout.ended / job).exists():  # Cancelled by somebody who died half-way.
            taken.remove()
            return None
        moved = taken.move(self._layout.running / job)
        if not self._ahead or self._ahead[0][1].parent != file.parent:
            leave_folder(file)
        return moved

    def _entry(self, job: str, file: Path) -> Entry | None:
        known = self._entries.get(file)
        if known is None:
            try:
                known = Entry.decode(file.read_text().partition("\n")[0])
            except FileNotFoundError:
                return None
            except ValueError as error:
                End("FAILED", f"its entry in the queue is damaged: {error}").write(
                    self._layout, job
                )
                file.unlink(missing_ok=True)
                return None
            self._entries[file] = known
        return known

    def _may_start(self, entry: Entry, before: set[Parent]) -> bool:
        """Whether its parents are over; `before` are attempts that wait before it."""
        if not before.isdisjoint(entry.parents):
            return False
        for parent in entry.parents:
            if parent not in self._over:
                if not is_over(self._layout, parent):
                    return False
                self._over.add(parent)
        return True


def is_over(layout: Layout, parent: Parent) -> bool:
    """Whether an attempt has ended, however, or can never run: job.sh judges which."""
    attempt = layout.attempt(*parent)
    if (attempt / "exit").exists():
        return True
    with suppress(OSError):
        if (attempt / "started").read_text().startswith("closed"):
            return True
    try:
        token, index, *_ = (attempt / "claim").read_text().split()
    except FileNotFoundError:
        return True
    except ValueError:
        return False  # Being written; find closes one that stays empty.
    return (layout.ended / job_id(token[:12], int(index))).exists()


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
