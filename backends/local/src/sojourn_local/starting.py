"""Starting runners: detached, one a free slot, never more than there is to do."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sojourn_local.child import INDEX, JOB
from sojourn_local.layout import Layout
from sojourn_local.locks import Owned, try_lock
from sojourn_local.queue import Queue

# `-S` and `-I`: a runner needs nothing but the standard library, and starts in half the time.
_PROGRAM = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from sojourn_local.runner import main; main(sys.argv[1:])"
)
_KEPT = frozenset(
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH"]
)
_KEPT_KINDS = ("LC_", "SOJOURN_")
_DETACHED = '"$0" "$@" &'


def start_runners(layout: Layout, slots: int, *, grace: float, queue: Queue | None = None) -> int:
    """Start a runner in every free slot for which there is a job that may start; how many.

    The slot's lock is taken here and handed over,
    so that no two runners get one slot and none is started in vain.

    Raises:
        OSError: no process could be started.
    """
    ready = (queue or Queue(layout)).ready(slots)
    started = 0
    for slot in range(slots):
        if started >= ready:
            break
        lock = try_lock(layout.slots / str(slot))
        if lock is None:
            continue
        try:
            _spawn(layout, lock, "slot", str(slot), slots, grace)
        finally:
            os.close(lock)
        started += 1
    return started


def start_adopter(layout: Layout, job: Owned, slots: int, *, grace: float) -> None:
    """Start a runner for a job that has lost its own, and hand it the job's lock.

    Raises:
        OSError: no process could be started.
    """
    try:
        _spawn(layout, job.handle, "adopt", job.entry.id, slots, grace)
    finally:
        job.close()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What a runner keeps of our environment: what the interpreter and Sojourn need.

    It may run for days, and its environment can be read for as long. Jobs get none of it.
    """
    kept = (name for name in ours if name in _KEPT or name.startswith(_KEPT_KINDS))
    return {name: ours[name] for name in kept if name not in (INDEX, JOB)}


def _spawn(layout: Layout, lock: int, verb: str, what: str, slots: int, grace: float) -> None:
    home = str(Path(__file__).resolve().parents[1])
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, home]
    command += [str(layout.root), str(slots), str(grace), verb, what, str(lock)]
    with os.fdopen(layout.open_log(), "ab") as log:
        subprocess.run(
            ["/bin/sh", "-c", _DETACHED, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(os.environ),
            pass_fds=[lock],
            start_new_session=True,
            umask=layout.umask,
            check=True,
        )
