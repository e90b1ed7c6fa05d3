"""A directory that is read, written and emptied without following a symbolic link below it.

Names of files come from machines, and a directory may belong to others as well: every part of a
name is opened by itself, relative to the directory above it, and a link in the way is an error.
What another process puts there meanwhile makes no difference, since nothing is looked up twice.
"""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EISDIR, ELOOP, ENOENT, ENOTDIR, EPERM
from pathlib import Path
from typing import Self

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_RESUME = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

A_LINK = "it is a symbolic link, which Sojourn does not follow here"

_NOT_PLAIN = "it is not a plain relative name"


class Folder:
    """An open directory. Names are relative, with `/`, and without `.` and `..`.

    Every method raises OSError with the path in `filename`; where a link is in the way its
    errno is ELOOP. Not for use by several threads at once.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self._latest: tuple[str, int] = ("", descriptor)

    @classmethod
    def open(cls, path: Path, *, make: bool = False, follow: bool = False) -> Self:
        """Open the directory `path`, and `make` it and what is missing above it if asked to.

        Links above it are followed. Whether `path` itself may be one, `follow` says: yes for
        what a person has named.
        """
        if follow:
            path = Path(os.path.realpath(path))
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                path.mkdir()
        return cls(path, _open_directory(str(path), None, path))

    def close(self) -> None:
        """Close it. May be called twice."""
        self._forget()
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor = -1
        self._latest = ("", -1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- making -----------------------------------------------------------------------------------

    def make(self, name: str) -> None:
        """Make the directory `name` and those above it, unless they exist."""
        self._within(name, make=True)

    def create(self, name: str) -> int:
        """A descriptor of the new, empty file `name`, in the place of a file or link that is
        there. Directories above it are made."""
        above, last = self._place(name)
        try:
            return os.open(last, _NEW, 0o666, dir_fd=above)
        except FileExistsError:
            self._unlink(above, last, name)
            return os.open(last, _NEW, 0o666, dir_fd=above)

    @contextmanager
    def replace(self, name: str) -> Iterator[int]:
        """A descriptor of a draft, which takes the place of the file or link `name` when the
        block ends well; nobody sees half a file."""
        above, last = self._place(name)
        draft = _draft()
        descriptor = os.open(draft, _NEW, 0o666, dir_fd=above)
        try:
            try:
                yield descriptor
            finally:
                os.close(descriptor)
            self._rename(draft, above, last, name)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft, dir_fd=above)
            raise

    def link(self, name: str, target: str) -> None:
        """Make `name` a symbolic link with the text `target`, in the place of a file or link."""
        above, last = self._place(name)
        draft = _draft()
        os.symlink(target, draft, dir_fd=above)
        try:
            self._rename(draft, above, last, name)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft, dir_fd=above)
            raise

    def resume(self, name: str) -> int:
        """A descriptor, for reading and writing, of the file `name` that this user has begun; of
        a new one if there is none, or something else."""
        above, last = self._place(name)
        with suppress(OSError):
            descriptor = os.open(last, _RESUME, 0o666, dir_fd=above)
            if _is_ours(descriptor):
                return descriptor
            os.close(descriptor)
        self._unlink(above, last, name)
        return os.open(last, _RESUME | os.O_EXCL, 0o666, dir_fd=above)

    def rename(self, old: str, new: str) -> None:
        """Give the file `old` the name `new`, in the same directory."""
        above, last = self._place(new)
        self._rename(old.rpartition("/")[2], above, last, new)

    # --- reading and removing ---------------------------------------------------------------------

    def read(self, name: str) -> int:
        """A descriptor for reading the regular file `name`."""
        folder, _, last = name.rpartition("/")
        try:
            descriptor = os.open(last, _READ, dir_fd=self._within(folder))
        except OSError as fault:
            raise self._told(fault, name) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(EPERM, "it is not a regular file", str(self.path / name))
        return descriptor

    def entries(self, name: str = "") -> list[tuple[str, str]]:
        """Names in the directory `name`, each with its kind: "d", "l", or "f" for the rest."""
        with os.scandir(self._within(name)) as found:
            return [(entry.name, _kind(entry)) for entry in found]

    def link_text(self, name: str) -> str:
        """The text of the symbolic link `name`."""
        folder, _, last = name.rpartition("/")
        return os.readlink(last, dir_fd=self._within(folder))

    def remove(self, name: str) -> None:
        """Remove the file or link `name`, if it is there."""
        folder, _, last = name.rpartition("/")
        with suppress(FileNotFoundError):
            self._unlink(self._within(folder), last, name)

    # --- inside -----------------------------------------------------------------------------------

    def _place(self, name: str) -> tuple[int, str]:
        """The open directory that `name` lies in, made if it is missing, and its last part."""
        folder, slash, last = name.rpartition("/")
        if slash and not folder:
            raise OSError(ENOENT, _NOT_PLAIN, name)
        _check(last, name)
        return self._within(folder, make=True), last

    def _within(self, folder: str, *, make: bool = False) -> int:
        """A descriptor of a directory below this one; it stays open until another is asked for,
        since files come directory by directory."""
        if folder == self._latest[0]:
            return self._latest[1]
        self._forget()
        if not folder:
            return self.descriptor
        at = self.descriptor
        try:
            reached = self.path
            for part in folder.split("/"):
                _check(part, folder)
                reached /= part
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=at)
                below = _open_directory(part, at, reached)
                if at != self.descriptor:
                    os.close(at)
                at = below
        except BaseException:
            if at != self.descriptor:
                os.close(at)
            raise
        self._latest = (folder, at)
        return at

    def _forget(self) -> None:
        if self._latest[1] != self.descriptor:
            os.close(self._latest[1])
        self._latest = ("", self.descriptor)

    def _unlink(self, above: int, last: str, name: str) -> None:
        try:
            os.unlink(last, dir_fd=above)
        except FileNotFoundError:
            return
        except OSError as fault:
            raise self._told(fault, name, at=above) from None

    def _rename(self, draft: str, above: int, last: str, name: str) -> None:
        try:
            os.rename(draft, last, src_dir_fd=above, dst_dir_fd=above)
        except OSError as fault:
            raise self._told(fault, name, at=above) from None

    def _told(self, fault: OSError, name: str, at: int | None = None) -> OSError:
        """The fault with the path that it is about; a directory in the way is called one,
        whatever the system calls it."""
        path = str(self.path / name)
        last = name.rpartition("/")[2]
        with suppress(OSError):
            if at is not None and stat.S_ISDIR(os.lstat(last, dir_fd=at).st_mode):
                return IsADirectoryError(EISDIR, "a directory is in its place", path)
        if fault.errno == ELOOP:
            return OSError(ELOOP, A_LINK, path)
        return OSError(fault.errno, fault.strerror, path)


def write_file(path: Path, data: bytes) -> None:
    """Write the file that a person has named: whole, or not at all.

    What a link leads to is replaced, not the link, if the link is the user's own or root's;
    those of others are not followed. What is no file, such as a pipe, is written to as it is.

    Raises:
        OSError: it cannot be written.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            file.write(data)
        return
    path = _own_target(path)
    with Folder.open(path.parent, follow=True) as folder, folder.replace(path.name) as descriptor:
        write_all(descriptor, data)


def _own_target(path: Path) -> Path:
    """Where a chain of links leads, all of which are the user's own or root's."""
    for _ in range(_LINKS):
        try:
            found = path.lstat()
        except FileNotFoundError:
            return path
        if not stat.S_ISLNK(found.st_mode):
            return path
        if found.st_uid not in (0, os.geteuid()):
            raise OSError(ELOOP, "it is a symbolic link of another user", str(path))
        path = path.parent / os.readlink(path)  # noqa: PTH115  as it is
    raise OSError(ELOOP, os.strerror(ELOOP), str(path))


_LINKS = 40
"""Links after which nobody follows any more, as in the kernel."""


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _open_directory(name: str, above: int | None, path: Path) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=above)
    except OSError as fault:
        if fault.errno in (ELOOP, ENOTDIR) and _is_link(name, above):
            raise OSError(ELOOP, A_LINK, str(path)) from None
        raise OSError(fault.errno, fault.strerror, str(path)) from None


def _is_link(name: str, above: int | None) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(name, dir_fd=above).st_mode)
    except OSError:
        return False


def _is_ours(descriptor: int) -> bool:
    """A regular file of this user's that has no other name."""
    found = os.fstat(descriptor)
    own = found.st_uid == os.geteuid() and found.st_nlink == 1
    return own and stat.S_ISREG(found.st_mode)


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "l"
    return "d" if entry.is_dir(follow_symlinks=False) else "f"


def _draft() -> str:
    return f".sojourn-{secrets.token_hex(8)}"


def _check(part: str, name: str) -> None:
    if part in ("", ".", "..") or "/" in part or "\0" in part:
        raise OSError(ENOENT, _NOT_PLAIN, name)
