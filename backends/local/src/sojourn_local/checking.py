"""What `sojourn machines check` tries of this computer."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sojourn.values.messages import CheckLine
from sojourn_local import processes
from sojourn_local.limits import cpu_count
from sojourn_local.locks import try_lock
from sojourn_local.site import Site


def check(site: Site) -> list[CheckLine]:
    """One line for each thing that runners need."""
    return [*_owner(site), _locks(site), _interpreter(), _processes(), _slots(site)]


def _owner(site: Site) -> Iterator[CheckLine]:
    if site.is_foreign():
        yield CheckLine(
            "queue",
            False,
            f"{site.layout.root} belongs to another user, who alone can run jobs there",
            "set a `root` of your own in machines.yaml",
        )


def _locks(site: Site) -> CheckLine:
    """A lock that is taken must be refused to everybody else, on the root's own file system."""
    root = site.layout.root
    folder = next(path for path in (root, *root.parents) if path.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".sojourn-", dir=folder) as place:
            first = try_lock(Path(place) / "lock")
            second = try_lock(Path(place) / "lock")
            works = first is not None and second is None
            for handle in filter(None, (first, second)):
                os.close(handle)
    except OSError as error:
        return CheckLine("locks", False, f"{folder}: {error.strerror}", "set another `root`")
    if works:
        return CheckLine("locks", True, f"kernel locks work in {folder}")
    return CheckLine(
        "locks",
        False,
        f"the file system of {folder} does not keep locks apart",
        "set a `root` on a local disk",
    )


def _interpreter() -> CheckLine:
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import fcntl, json"], capture_output=True, text=True
    )
    if told.returncode == 0:
        return CheckLine("interpreter", True, sys.executable)
    return CheckLine(
        "interpreter",
        False,
        f"{sys.executable} cannot start a runner: {told.stderr.strip()[-200:]}",
        "install Sojourn into a complete Python",
    )


def _processes() -> CheckLine:
    if processes.has_proc():
        return CheckLine("processes", True, "whole trees of processes are found in /proc")
    return CheckLine(
        "processes",
        None,
        "without /proc, a process that leaves its job's tree is not found when the job ends",
    )


def _slots(site: Site) -> CheckLine:
    slots, cpus = site.config.slots, cpu_count()
    if slots > cpus:
        detail = f"{slots} jobs at a time on {cpus} CPUs"
        return CheckLine("slots", None, detail, "set `slots` lower if jobs get in each other's way")
    return CheckLine("slots", True, f"{slots} jobs at a time on {cpus} CPUs")
