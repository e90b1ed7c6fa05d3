"""A disk that is soon full: a small tmpfs, gone at the end."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCK = 4096


@contextmanager
def small_disk(path: Path, size: int = 1024 * 1024, inodes: int = 0) -> Iterator[Path]:
    """Mount an empty tmpfs of `size` bytes at `path`, which is made. Needs root.

    `inodes` is how many files and directories fit, the top included; 0: any number.
    """
    path.mkdir()
    options = f"size={size},mode=0755,nr_inodes={inodes}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
        path.rmdir()


def fill(directory: Path, *, leave: int = 0) -> Path:
    """Fill the disk with one file but for `leave` bytes; returns the file."""
    path = directory / "filling"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(BLOCK))
        except OSError:
            pass
        file.truncate(max(0, file.tell() - leave))
    return path
