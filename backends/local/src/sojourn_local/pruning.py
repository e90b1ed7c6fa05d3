"""Forgetting what became of jobs long ago, where their own directories tell it as well."""

import os
import time
from pathlib import Path

from sojourn_local.layout import Layout
from sojourn_local.records import End

KEEP = 30 * 86400.0
"""Seconds for which an end is kept."""
_EVERY = 86400.0


def prune(layout: Layout, *, now: float | None = None) -> int:
    """Remove old ends, at most once a day; how many.

    One whose job has left no exit file is kept: nothing else tells that it has ended.
    """
    now = time.time() if now is None else now
    stamp = layout.root / "ended.pruned"
    if stamp.exists() and stamp.stat().st_mtime > now - _EVERY:
        return 0
    stamp.touch(0o666 & ~layout.umask)
    os.utime(stamp, (now, now))
    removed = 0
    for file in layout.ended.iterdir():
        if file.stat().st_mtime < now - KEEP and _is_told_elsewhere(layout, file):
            file.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_told_elsewhere(layout: Layout, file: Path) -> bool:
    try:
        end = End.decode(file.read_text(errors="replace"))
    except (ValueError, FileNotFoundError):
        return False
    if not end.signature:
        return False
    attempt = layout.attempt(end.signature, end.attempt)
    return (attempt / "exit").exists() or not attempt.exists()
