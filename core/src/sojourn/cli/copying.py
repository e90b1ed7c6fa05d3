"""Copying results to where a person wants them: writable files, links kept as links."""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from sojourn.errors import UsageError
from sojourn.store.records import JobRecord


def folder_names(jobs: Sequence[JobRecord]) -> dict[str, str]:
    """A directory's name for each job: none of its own for a single one."""
    if len({job.signature for job in jobs}) == 1:
        return {jobs[0].signature: ""}
    return {job.signature: _folder_name(job) for job in jobs}


def _folder_name(job: JobRecord) -> str:
    word = re.sub(r"[^\w.+-]+", "_", job.name or job.step)[:60].strip("._-")
    return f"{word}-{job.signature[:8]}" if word else job.signature[:8]


def copy_out(source: Path, target: Path) -> Path:
    """Copy what lies in `source` into `target`, which is made; files of the same names are replaced.

    Raises:
        UsageError: the target cannot be written to.
    """
    try:
        _copy_directory(source, target)
    except OSError as error:
        raise UsageError(
            f"cannot write {error.filename2 or error.filename or target}: {error.strerror or error}",
            hint="choose another directory with -o",
        ) from error
    return target


def _copy_directory(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            place = target / entry.name
            if entry.is_dir(follow_symlinks=False):
                _copy_directory(Path(entry.path), place)
            else:
                _copy_one(Path(entry.path), place)


def _copy_one(source: Path, target: Path) -> None:
    """Beside its place first, so that nobody sees half a file."""
    draft = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    try:
        if source.is_symlink():
            draft.symlink_to(os.readlink(source))  # noqa: PTH115  as it is
        else:
            shutil.copyfile(source, draft)
            executable = source.stat().st_mode & 0o111
            draft.chmod(draft.stat().st_mode | (executable and 0o100))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
