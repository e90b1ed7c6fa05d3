"""The result cache: where results are looked up, checked, put and removed."""

import errno
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from sojourn.errors import DamagedResult, ResultError
from sojourn.home import VARIABLE, make_private, results_path
from sojourn.results.checking import MANIFEST, check, check_fully
from sojourn.results.manifest import FileEntry, Manifest
from sojourn.results.result import Result
from sojourn.results.sealing import READ_ONLY, READ_ONLY_DIRECTORY, erase, seal
from sojourn.results.staging import Staging
from sojourn.results.syncing import sync_all, sync_trees

STAGING = ".staging"
TRASH = ".trash"
_TOUCH_AFTER = 3600.0
_LOGS = ("stdout", "stderr")


class ResultCache:
    """Results by signature, below the directory `root` (by default in Sojourn's home).

    A result appears whole by one rename, and is never changed afterwards. Many processes may
    use one cache at once.

    Raises (here and in every method):
        ResultError: the cache cannot be read or written: full, forbidden, ...
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = results_path() if root is None else root

    def get(self, signature: str) -> Result | None:
        """The result, or None if there is none. Contacts nothing.

        Size and time of every file are compared with what they were when it was committed; a
        file with another time and the same bytes is put right in silence.

        Raises:
            DamagedResult: there is one, but it is not what it was; fetch it again: that
                replaces it.
        """
        place = self.place(signature)
        with faults(self.root):
            try:
                os.lstat(place)
            except (FileNotFoundError, NotADirectoryError):  # as for most that are asked for
                return None
            manifest = check(place)
            if manifest is None:
                return None
            with suppress(OSError):  # a cache that can only be read is still one
                if time.time() - place.stat().st_mtime > _TOUCH_AFTER:
                    os.utime(place)
        return Result(place, manifest)

    def verify(self, signature: str) -> Result | None:
        """As `get`, after reading every byte and looking for files that do not belong."""
        place = self.place(signature)
        with faults(self.root):
            manifest = check_fully(place)
        return None if manifest is None else Result(place, manifest)

    def staging(self, signature: str, attempt: int = 1) -> Staging:
        """A private place for a fetch; use it in a `with`, fill `files` and `logs`, commit.

        Never waits: while another process fetches the same attempt, it is a place of its own.
        """
        self.place(signature)
        with faults(self.root):
            return Staging(self._below(STAGING), signature, attempt)

    def commit(self, staging: Staging, manifest: Manifest) -> Result:
        """Make what was staged the result of `manifest.signature`, by one rename.

        The files must be those of `manifest.files` with their sizes; digests that the manifest
        has are those that the fetch has verified, missing ones are computed. What else was
        staged is thrown away; `logs` are taken as they are. If another process has
        committed the same result meanwhile, that one is returned; a damaged one, or one of an
        earlier attempt, with the same bytes or not, is replaced.

        Raises:
            ResultError: something is missing, of another size or kind, or leads out, and what
                was staged is thrown away; or the disk is full, and it is kept. Nothing is
                visible in either case.
        """
        return self.commit_all([(staging, manifest)])[0]

    def commit_all(self, staged: Sequence[tuple[Staging, Manifest]]) -> list[Result]:
        """As `commit`, for many: the disk is waited for once, not once for each.

        Raises:
            ResultError: as for `commit`, of the first that is not sound, after the others have
                become results.
        """
        wrong: list[ResultError] = []
        whole: list[tuple[Staging, Manifest]] = []
        with faults(self.root):
            for staging, manifest in staged:
                try:
                    whole.append((staging, _sealed(staging, manifest)))
                except ResultError as error:
                    staging.discard()
                    wrong.append(error)
            sync_trees([staging.path for staging, _ in whole])
            results = [self._shown(staging, manifest) for staging, manifest in whole]
            above = {f"{self.place(result.signature).parent}" for result in results}
            sync_all(self.root, above)
        if wrong:
            raise wrong[0]
        return results

    def _shown(self, staging: Staging, manifest: Manifest) -> Result:
        """The result that others see from now on: this one, or its equal that was quicker."""
        place = self.place(manifest.signature)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        while not _renamed(staging.path, place):
            present = self._sound(place)
            if present is not None and present.stands_for(manifest):
                staging.discard()
                return Result(place, present)
            self._remove(place)
        place.chmod(READ_ONLY_DIRECTORY)
        return Result(place, manifest)

    def remove(self, signature: str) -> bool:
        """Remove a result at once, sound or not; False if there is none."""
        with faults(self.root):
            return self._remove(self.place(signature))

    def place(self, signature: str) -> Path:
        """The directory of a result, there or not."""
        if re.fullmatch("[0-9a-f]{64}", signature) is None:
            raise ResultError(f"{signature!r} is not a signature")
        return Path(f"{self.root}/{signature[:2]}/{signature}")

    def _sound(self, place: Path) -> Manifest | None:
        try:
            return check(place)
        except DamagedResult:
            return None

    def _remove(self, place: Path) -> bool:
        """Out of sight by one rename, then erased."""
        rubbish = self._below(TRASH) / os.urandom(8).hex()
        try:
            place.chmod(0o700)  # a directory that moves is written to: its `..` changes
            os.utime(place)  # so that another process does not take it for forgotten rubbish
            place.rename(rubbish)
        except FileNotFoundError:
            return False
        erase(rubbish)
        return True

    def _below(self, name: str) -> Path:
        """A directory of ours below the root; both are made private, whatever the umask."""
        make_private(self.root / name)
        return self.root / name


@contextmanager
def faults(root: Path) -> Iterator[None]:
    """The operating system's errors on the cache, told as `ResultError`."""
    try:
        yield
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ResultError(
                f"{root}: no space left for results",
                hint=f"`sojourn gc` frees some; or set {VARIABLE} to a larger disk",
            ) from fault
        raise ResultError(
            f"{root}: the result cache cannot be used: {fault.strerror or fault}"
            + (f": {fault.filename}" if fault.filename else ""),
            hint=f"check its permissions, or set {VARIABLE} to another directory",
        ) from fault


def _sealed(staging: Staging, manifest: Manifest) -> Manifest:
    """The manifest, whole, as it is written beside the files, which are read-only by then."""
    manifest = replace(
        manifest,
        files=seal(staging.files, manifest.files),
        logs=seal(staging.logs, _present_logs(staging.logs)),
        fetched_at=manifest.fetched_at or time.time(),
    )
    write_manifest(staging.path / MANIFEST, manifest)
    return manifest


def _present_logs(directory: Path) -> tuple[FileEntry, ...]:
    """The logs, an empty one where none was brought: a result always has both."""
    for name in _LOGS:
        with suppress(FileExistsError):
            (directory / name).touch(mode=0o600, exist_ok=False)
    return tuple(FileEntry(name, size=(directory / name).lstat().st_size) for name in _LOGS)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest, read-only."""
    path.unlink(missing_ok=True)
    path.write_text(manifest.to_json())
    path.chmod(READ_ONLY)


def _renamed(source: Path, target: Path) -> bool:
    """Rename a directory to where none is; False if one is there."""
    try:
        source.rename(target)
    except OSError as fault:
        if fault.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True
