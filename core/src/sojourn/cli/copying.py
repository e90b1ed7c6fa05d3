"""Copying results to where a person wants them: writable files, links kept as links."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from sojourn.errors import UsageError
from sojourn.folder import Folder

_PIECE = 1 << 20


def copy_out(source: Path, target: Path, name: str = "") -> Path:
    """Copy what is in `source` into `target`, or the directory `name` there, and return that.

    Directories are made; files and links of the same names are replaced. No link below `target`
    is followed, and the source's own links are made when all else is written.

    Raises:
        UsageError: the target cannot be written to.
    """
    try:
        with Folder.open(source) as inside, Folder.open(target, make=True, follow=True) as outside:
            if name:
                outside.make(name)
            for link in list(_copy(inside, outside, "", name)):
                outside.link(_joined(name, link), inside.link_text(link))
    except OSError as error:
        raise UsageError(
            f"cannot write {error.filename2 or error.filename or target}: {error.strerror or error}",
            hint="choose another directory with -o",
        ) from error
    return target / name


def make_folders(target: Path, names: Iterable[str]) -> None:
    """Make the directories `names` in `target`, through no link.

    Raises:
        UsageError: they cannot be made.
    """
    try:
        with Folder.open(target, make=True) as outside:
            for name in filter(None, names):
                outside.make(name)
    except OSError as error:
        raise UsageError(
            f"cannot write {error.filename or target}: {error.strerror or error}",
            hint="choose another directory with -o",
        ) from error


def _copy(inside: Folder, outside: Folder, folder: str, into: str) -> Iterator[str]:
    """Copy directories and files; the links that were found on the way."""
    for entry, kind in inside.entries(folder):
        name = _joined(folder, entry)
        if kind == "l":
            yield name
        elif kind == "d":
            outside.make(_joined(into, name))
            yield from _copy(inside, outside, name, into)
        else:
            _copy_file(inside, outside, name, _joined(into, name))


def _copy_file(inside: Folder, outside: Folder, name: str, target: str) -> None:
    with (
        os.fdopen(inside.read(name), "rb") as source,
        outside.replace(target) as draft,
        os.fdopen(draft, "wb", closefd=False) as copy,
    ):
        shutil.copyfileobj(source, copy, _PIECE)
        copy.flush()
        if os.fstat(source.fileno()).st_mode & 0o111:
            os.fchmod(draft, os.fstat(draft).st_mode | 0o100)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and name else folder or name
