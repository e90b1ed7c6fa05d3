"""Where Sojourn keeps what it knows: one private directory of the user."""

import os
from contextlib import suppress
from pathlib import Path

from sojourn.errors import StoreError

VARIABLE = "SOJOURN_HOME"
"""Environment variable that moves store and results."""
NO_HOME = (
    "this user has no home directory: HOME is not set, and passwd has no entry for the user id"
)


def home() -> Path:
    """The directory of store and results, made with mode 0700 if it is not there yet.

    `SOJOURN_HOME` if it is set and not empty (`~` is expanded, a relative path is taken from
    the current directory), else the platform's place for user data. A directory that is
    there already keeps its mode: what is made below it is private by itself.

    Raises:
        StoreError: it cannot be made, or something else than a directory is there.
    """
    given = os.environ.get(VARIABLE, "")
    if given:
        path = expanded(given).absolute()
    else:
        import platformdirs

        try:
            path = Path(platformdirs.user_data_dir("sojourn", appauthor=False))
        except RuntimeError as error:
            hint = f"set HOME, or {VARIABLE} to a directory that you can write to"
            raise StoreError(NO_HOME, hint=hint) from error
    return private_directory(path)


def store_path() -> Path:
    """The store's file below `home()`."""
    return home() / "store.sqlite3"


def results_path() -> Path:
    """The result cache's directory below `home()`."""
    return home() / "results"


def private_directory(path: Path) -> Path:
    """Make `path` with mode 0700 whatever the umask, and what is missing above it; return it.

    Raises:
        StoreError: it cannot be made, or something else than a directory is there.
    """
    try:
        make_private(path)
        if not path.is_dir():
            raise NotADirectoryError(20, "something else than a directory is there")
    except OSError as fault:
        raise StoreError(
            f"{path}: cannot be used as Sojourn's home: {fault.strerror or fault}",
            hint=f"make it a directory that you can write to, or set {VARIABLE} to one",
        ) from fault
    return path


def make_private(path: Path) -> None:
    """Make a directory and what is missing above it, with mode 0700 whatever the umask; what
    exists keeps its mode.

    Raises:
        OSError: it cannot be made.
    """
    for folder in (*reversed(path.parents), path):
        if folder.exists():
            continue
        with suppress(FileExistsError):
            folder.mkdir(0o700)
            folder.chmod(0o700)


def expanded(path: str | Path) -> Path:
    """`path` with `~` replaced by the home directory; as it is for a user who has none.

    `Path.expanduser` raises there.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111
