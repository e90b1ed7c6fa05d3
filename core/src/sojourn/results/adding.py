"""Outputs that had stayed on the machine, put into a result that is in the cache already."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from sojourn.errors import ResultError
from sojourn.results.cache import ResultCache, faults, write_manifest
from sojourn.results.checking import MANIFEST, check
from sojourn.results.manifest import FileEntry, Manifest, unsound
from sojourn.results.result import Result
from sojourn.results.sealing import READ_ONLY_DIRECTORY, seal
from sojourn.results.staging import Staging
from sojourn.results.syncing import sync, sync_trees


def add(cache: ResultCache, staging: Staging, files: tuple[FileEntry, ...]) -> Result:
    """Add what was staged to the result of `staging.signature`, and return the result anew.

    The files are checked as in `ResultCache.commit`. They become visible together, when the
    manifest that names them takes the place of the old one; `remote` loses their names.

    Raises:
        ResultError: there is no such result, or the files are not what was announced.
        DamagedResult: the result is not what it was.
    """
    place = cache.place(staging.signature)
    with faults(cache.root), _alone(staging.path.parent / f"{staging.signature}.add"):
        manifest = check(place)
        if manifest is None:
            raise ResultError(f"there is no result {staging.signature[:12]} to add to")
        known = {entry.name for entry in manifest.files}
        added = tuple(entry for entry in files if entry.name not in known)
        why = unsound(manifest.files + added)
        if why:
            raise ResultError(f"a machine has sent what does not fit to the result: {why}")
        sealed = seal(staging.files, files)
        sync_trees([staging.files])
        by_name = {entry.name: entry for entry in sealed}
        with _writable(place, sealed):
            for entry in sealed:
                if entry.kind != "d" and entry.name not in known:
                    _move(staging.files, place / "files", entry.name)
            grown = _grown(manifest, tuple(by_name[entry.name] for entry in added))
            draft = place / f".{MANIFEST}-{os.urandom(4).hex()}"
            write_manifest(draft, grown)
            sync(draft)
            draft.replace(place / MANIFEST)
            sync(place)
        staging.discard()
    return Result(place, grown)


def _grown(manifest: Manifest, added: tuple[FileEntry, ...]) -> Manifest:
    names = {entry.name for entry in added}
    return replace(
        manifest,
        files=manifest.files + added,
        remote={name: size for name, size in manifest.remote.items() if name not in names},
    )


def _move(source: Path, target: Path, name: str) -> None:
    (source / name).parent.chmod(0o700)
    (source / name).replace(target / name)
    sync((target / name).parent)


@contextmanager
def _writable(place: Path, entries: tuple[FileEntry, ...]) -> Iterator[None]:
    """Open the directories that get something new, and close them again."""
    inside = {Path(entry.name) for entry in entries if entry.kind == "d"}
    inside |= {above for entry in entries for above in Path(entry.name).parents}
    folders = [place, *sorted(place / "files" / folder for folder in inside)]
    try:
        for folder in folders:
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        yield
    finally:
        for folder in folders:
            with suppress(FileNotFoundError):
                folder.chmod(READ_ONLY_DIRECTORY)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time, so that none overwrites another's addition."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):  # no locks there: two additions at once are rare enough
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
