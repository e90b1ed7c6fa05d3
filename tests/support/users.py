"""Ordinary users of this computer for the tests, made where they are missing.

Several test runs share them: the last one that holds them removes those that tests had made,
and no others.
"""

import fcntl
import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.support.processes import end_all, processes_of, start_time
from tests.support.slurm_packages import program

USERS = ("sojourn-test1", "sojourn-test2")
LEASES = Path("/run/sojourn-test-users")
"""Who holds the users, and which of them the tests have made. /run is empty after a reboot."""


def exists(name: str) -> bool:
    """Whether that user is known."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def home(name: str) -> Path:
    """The user's home directory."""
    return Path(pwd.getpwnam(name).pw_dir)


def hold(holder: int) -> None:
    """Make the users that are missing and keep them for as long as process `holder` runs."""
    with _locked():
        for name in USERS:
            if not exists(name):
                (LEASES / f"{name}.made").touch()
                _run("useradd", "--create-home", "--shell", "/bin/bash", name)
                # A locked password ("!") makes sshd refuse even a key.
                _run("usermod", "--password", "*", name)
        (LEASES / f"{holder}.holder").write_text(start_time(holder) or "")


def release(holder: int) -> None:
    """End the hold of process `holder`; removes the users if nobody else holds them."""
    with _locked():
        (LEASES / f"{holder}.holder").unlink(missing_ok=True)
        for lease in LEASES.glob("*.holder"):
            if start_time(int(lease.stem)) == lease.read_text():
                return
            lease.unlink()
        for made in LEASES.glob("*.made"):
            if exists(made.stem):
                end_all(partial(processes_of, pwd.getpwnam(made.stem).pw_uid))
                _run("userdel", "--remove", made.stem)
            made.unlink()


@contextmanager
def _locked() -> Iterator[None]:
    LEASES.mkdir(exist_ok=True)
    handle = os.open(LEASES, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _run(command: str, *arguments: str) -> None:
    subprocess.run([program(command), *arguments], check=True, capture_output=True)
