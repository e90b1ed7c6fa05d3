"""Whether a result in the cache still is what was committed."""

import os
import stat
from pathlib import Path

from sojourn.errors import DamagedResult
from sojourn.results.manifest import FileEntry, Manifest
from sojourn.results.sealing import digest_of, link_text
from sojourn.results.walking import walk

MANIFEST = "manifest.json"
_KINDS = {"f": stat.S_IFREG, "d": stat.S_IFDIR, "l": stat.S_IFLNK}


def check(place: Path) -> Manifest | None:
    """The manifest of the result at `place`, whose files are there with their sizes and times.

    None if there is no result. A file with another time is read: purging and copying change
    times, not bytes; if the digest is right, the time is put back.

    Raises:
        DamagedResult: something is missing or was changed.
    """
    manifest = _read(place)
    if manifest is None:
        return None
    for part, entries in (("files", manifest.files), ("logs", manifest.logs)):
        for entry in entries:
            _check_one(place, f"{place}/{part}/{entry.name}", entry)
    return manifest


def check_fully(place: Path) -> Manifest | None:
    """As `check`, reading every byte and looking for what does not belong."""
    manifest = check(place)
    if manifest is None:
        return None
    for part, entries in (("files", manifest.files), ("logs", manifest.logs)):
        top = place / part
        for entry in entries:
            if entry.kind == "f" and digest_of(top / entry.name) != entry.digest:
                raise damage(place, f"{entry.name!r} has other bytes than it had")
        known = {entry.name for entry in entries}
        known |= {str(above) for entry in entries for above in Path(entry.name).parents}
        for found in walk(top):
            name = os.path.relpath(found.path, top)
            if name not in known:
                raise damage(place, f"{name!r} does not belong there")
    return manifest


def damage(place: Path, why: str) -> DamagedResult:
    """The error for a result that is not what it was."""
    return DamagedResult(
        f"the cached result {place.name[:12]} is damaged: {why}",
        hint=f"it is fetched or run again; `sojourn fetch {place.name[:12]}` does so now",
    )


def _read(place: Path) -> Manifest | None:
    try:
        text = (place / MANIFEST).read_bytes()
    except FileNotFoundError as fault:
        if place.exists():
            raise damage(place, "its manifest is missing") from fault
        return None
    try:
        manifest = Manifest.from_json(text)
    except ValueError as fault:
        raise damage(place, f"its manifest cannot be read ({fault})") from fault
    if manifest.signature != place.name:
        raise damage(place, "its manifest is another result's")
    return manifest


def _check_one(place: Path, path: str, entry: FileEntry) -> None:
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError) as fault:
        raise damage(place, f"{entry.name!r} is missing") from fault
    if stat.S_IFMT(found.st_mode) != _KINDS[entry.kind]:
        raise damage(place, f"{entry.name!r} is something else than it was")
    if entry.kind == "l" and link_text(path) != entry.target:
        raise damage(place, f"the link {entry.name!r} was changed")
    if entry.kind != "f":
        return
    if found.st_size != entry.size:
        raise damage(place, f"{entry.name!r} has {found.st_size} bytes instead of {entry.size}")
    if found.st_mtime_ns != entry.mtime_ns:
        if digest_of(Path(path)) != entry.digest:
            raise damage(place, f"{entry.name!r} was changed")
        os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))
