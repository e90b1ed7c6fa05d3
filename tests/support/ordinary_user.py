"""Running a test's function as an ordinary user, also when the suite was started by root.

Root may write everywhere, so what a permission forbids cannot be tested as root. The function
runs in a process of its own, which loads the function's module first and then becomes
another user for good: the interpreter itself may lie where only root can read.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

UID = 65534
"""The user that owns nothing, whatever its name here."""

LAZY = ("platformdirs", "shutil", "encodings.idna", "traceback", "tempfile", "sqlite3.dump")
"""Modules that are loaded only when they are needed, which would be too late."""


def as_ordinary_user(function: Callable[..., None], *arguments: str, timeout: float = 60) -> None:
    """Call a module's function with texts in another process, as an ordinary user.

    Raises:
        AssertionError: the function has raised; the message is its traceback.
    """
    work = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", __name__, function.__module__, function.__qualname__],
        input=json.dumps(arguments),
        cwd=work,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr


def give(path: Path) -> None:
    """Make the ordinary user the owner of `path` and all below; does nothing unless root."""
    if os.geteuid() == 0:
        for each in (path, *path.rglob("*")):
            os.lchown(each, UID, UID)


def _main(module: str, function: str) -> None:
    called = getattr(importlib.import_module(module), function)
    for name in LAZY:
        importlib.import_module(name)
    arguments = json.load(sys.stdin)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(UID, UID, UID)
        os.setresuid(UID, UID, UID)
    os.umask(0o022)
    called(*arguments)


if __name__ == "__main__":
    _main(*sys.argv[1:])
