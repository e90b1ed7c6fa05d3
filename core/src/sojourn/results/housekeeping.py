"""How much the cached results take, and freeing some of it."""

import re
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sojourn.results.cache import STAGING, TRASH, ResultCache, faults
from sojourn.results.sealing import erase
from sojourn.results.staging import lock, release
from sojourn.results.walking import walk

STAGING_KEEP = 7 * 86400.0
"""Seconds for which the rest of an interrupted fetch is kept after its last change."""

TRASH_KEEP = 3600.0
"""Seconds after which what a killed process was erasing is erased by another."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One cached result: its size in bytes, and when it was last used, to the hour."""

    signature: str
    size: int
    used_at: float


def stored(cache: ResultCache) -> tuple[Stored, ...]:
    """Every result in the cache, sound or not, the one that was not used for longest first."""
    found = []
    with faults(cache.root):
        for shelf in _names(cache.root, r"[0-9a-f]{2}"):
            for place in _names(shelf, r"[0-9a-f]{64}"):
                with suppress(FileNotFoundError):  # another process removes it
                    found.append(Stored(place.name, _size(place), place.stat().st_mtime))
    return tuple(sorted(found, key=lambda each: (each.used_at, each.signature)))


def collect(
    cache: ResultCache,
    *,
    older_than: float | None = None,
    keep_size: int | None = None,
    dry_run: bool = False,
    keep: Collection[str] = (),
    only: Collection[str] | None = None,
) -> tuple[Stored, ...]:
    """Remove results, and return those that were (or with `dry_run` would be) removed.

    First those not used for `older_than` seconds, then the longest unused until all together
    take at most `keep_size` bytes. Signatures in `keep` stay; with `only`, so do all that are not
    in it. Rests of fetches that were
    interrupted a week ago go in any case.

    Raises:
        ResultError: the cache cannot be read or written.
    """
    results = stored(cache)
    total = sum(each.size for each in results)
    now = time.time()
    chosen = []
    for each in results:
        old = older_than is not None and now - each.used_at > older_than
        over = keep_size is not None and total > keep_size
        may_go = each.signature not in keep and (only is None or each.signature in only)
        if (old or over) and may_go:
            chosen.append(each)
            total -= each.size
    if not dry_run:
        for each in chosen:
            cache.remove(each.signature)
        with faults(cache.root):
            _sweep(cache.root, now)
    return tuple(chosen)


def _sweep(root: Path, now: float) -> None:
    """Erase the rests of interrupted fetches and removals that nobody goes on with."""
    for place in _names(root / TRASH, r"[0-9a-f]{16}"):
        if now - place.stat().st_mtime > TRASH_KEEP:
            erase(place)
    for place in _names(root / STAGING, r"[0-9a-f]{64}\.[0-9]+(\.[0-9]+-[0-9a-f]{8})?"):
        if now - _changed(place) <= STAGING_KEEP:
            continue
        held = lock(place.with_name(place.name + ".lock"))
        if held is not None:
            erase(place)
            release(held, gone=True)


def _names(directory: Path, pattern: str) -> Iterator[Path]:
    try:
        listed = sorted(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for path in listed:
        if re.fullmatch(pattern, path.name):
            yield path


def _size(directory: Path) -> int:
    return sum(
        entry.stat(follow_symlinks=False).st_size
        for entry in walk(directory)
        if not entry.is_dir(follow_symlinks=False)
    )


def _changed(directory: Path) -> float:
    """When anything below a directory was last changed."""
    times = [entry.stat(follow_symlinks=False).st_mtime for entry in walk(directory)]
    return max(times, default=directory.stat().st_mtime)
