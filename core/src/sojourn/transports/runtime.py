"""A private directory on this computer for sockets, the same for every process of the user."""

import os
import stat
import tempfile
from pathlib import Path

from sojourn.errors import ConfigError

LONGEST_SOCKET = 80
"""Characters of a socket's path: the kernel takes 104 or 108, ssh adds 17 while it makes one."""

_NAME = 32
"""Characters that are left for a file's name."""


def runtime_directory() -> Path:
    """`$XDG_RUNTIME_DIR/sojourn`, or a directory under /tmp; made with mode 0700.

    Raises:
        ConfigError: it belongs to somebody else, or others may write to it.
    """
    user = os.getuid()
    # The second where TMPDIR is too long for a socket.
    parents = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 - checked below
    places = [parent / f"sojourn-{user}" for parent in parents]
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and _is_private(Path(given)):
        places.insert(0, Path(given) / "sojourn")
    fitting = [place for place in places if len(str(place)) + _NAME < LONGEST_SOCKET]
    directory = (fitting or places)[0]
    directory.mkdir(mode=0o700, exist_ok=True)
    if not _is_private(directory):
        raise ConfigError(
            f"{directory} is not a directory that only you can use",
            hint="Remove it, or set XDG_RUNTIME_DIR to a directory of yours.",
        )
    return directory


def _is_private(directory: Path) -> bool:
    try:
        status = directory.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    )
