"""What kind of file system the store lies on, and whether locks work there.

SQLite's write-ahead log shares memory between processes, which only a local file system can
give. Elsewhere a rollback journal is used, and only where locks hold: a lock that two
processes both get would lose records in silence.
"""

import errno
import fcntl
import os
import struct
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/mounts")

LOCAL = frozenset(
    {"apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "hfs", "jfs", "nilfs2"}
    | {"overlay", "ramfs", "reiserfs", "tmpfs", "ufs", "xfs", "zfs"}
)
"""Types known to be local. Anything else (nfs, lustre, gpfs, fuse, 9p, ...) is taken with care."""

_LOCKS_STAY_HERE = frozenset({"nolock", "local_lock=all", "local_lock=posix", "localflock"})
_LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A mounted file system: its type ("" if unknown) and mount options."""

    type: str = ""
    options: frozenset[str] = frozenset()

    @property
    def local(self) -> bool:
        """Whether it is known to be local, so that processes can share memory over it."""
        return self.type in LOCAL


def file_system(path: Path, mounts: Path = MOUNTS) -> FileSystem:
    """The file system that holds `path`, from the kernel's table of mounts."""
    try:
        table = mounts.read_text(errors="surrogateescape")
    except OSError:
        return FileSystem()
    return find_mount(path.resolve(), table)


def find_mount(path: Path, table: str) -> FileSystem:
    """Look `path` (resolved) up in `table`: the deepest mount point wins, then the latest."""
    best, depth = FileSystem(), -1
    for line in table.splitlines():
        fields = line.split()
        if len(fields) < 4:
            continue
        point = Path(_unescape(fields[1]))
        if len(point.parts) >= depth and path.is_relative_to(point):
            best = FileSystem(fields[2], frozenset(fields[3].split(",")))
            depth = len(point.parts)
    return best


def _unescape(text: str) -> str:
    """Undo the octal escapes that the table has for white space and backslashes."""
    for octal in ("040", "011", "012", "134"):
        text = text.replace(f"\\{octal}", chr(int(octal, 8)))
    return text


def locks_fail(directory: Path, system: FileSystem) -> str:
    """Why locks in `directory` cannot be trusted, or "" if they hold."""
    here_only = system.options & _LOCKS_STAY_HERE
    if here_only:
        return f"it is mounted with {sorted(here_only)[0]}, so that other computers' locks are not seen"
    found: list[str] = []
    # In a thread, because a lock manager that is down blocks the call for as long as it is.
    worker = threading.Thread(target=lambda: found.append(_try_locks(directory)), daemon=True)
    worker.start()
    worker.join(_LOCK_SECONDS)
    return found[0] if found else f"a lock was not answered within {_LOCK_SECONDS:g} s"


def _try_locks(directory: Path) -> str:
    """Take one lock twice, as two processes would; "" if the second is refused."""
    if sys.platform != "linux":  # no lock there that one process can be refused
        return ""
    path = directory / f".lock-test-{os.getpid()}-{os.urandom(4).hex()}"
    descriptors: list[int] = []
    try:
        for _ in range(2):
            descriptors.append(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            try:
                fcntl.fcntl(descriptors[-1], fcntl.F_OFD_SETLK, _whole_file())
            except OSError as refusal:
                if len(descriptors) == 2 and refusal.errno in (errno.EAGAIN, errno.EACCES):
                    return ""
                raise
    except OSError as fault:
        return f"locking a file there fails: {fault.strerror or fault}"
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
        path.unlink(missing_ok=True)
    return "two processes were given the same lock there"


def _whole_file() -> bytes:
    """A `struct flock` that asks for an exclusive lock on everything."""
    return struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
