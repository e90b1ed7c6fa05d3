"""Going through a directory."""

import os
from collections.abc import Iterator
from pathlib import Path


def walk(directory: Path | str) -> Iterator[os.DirEntry[str]]:
    """Everything below, a directory before it is entered; links are not followed."""
    with os.scandir(directory) as entries:
        listed = list(entries)
    for entry in listed:
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path)
