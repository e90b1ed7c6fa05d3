"""Starting a workflow again, in a process of its own that outlives the monitor."""

import os
import re
import subprocess
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sojourn.errors import NotPossible
from sojourn.home import private_directory
from sojourn.monitor.resuming import Command

KEPT_LOGS = 20
"""Logs kept of each workflow."""


@dataclass(slots=True)
class Launched:
    """A resume that goes on. `log` is what it prints, the workflow's output and errors.

    With `apart`, its standard output is there, and `log` has its errors and the words for people.
    """

    workflow: str
    log: Path
    process: subprocess.Popen[bytes]
    apart: Path | None = None

    def wait(self) -> int:
        """Its exit status, when it has ended; see `child.main`."""
        return self.process.wait()


def launch(
    workflow: str, command: Command, home: Path, *, seen: float | None, apart: bool = False
) -> Launched:
    """Run a workflow again in the background, its output going to a log below `home`.

    `seen` is when it had last run, as far as the caller knows: if it has run since, nothing is
    done. The process claims the workflow itself, so that two never run at once. With `apart`
    its standard output goes to a file of its own beside the log.

    Raises:
        NotPossible: its interpreter does not start.
    """
    log = _new_log(home, workflow)
    words = [
        command.interpreter,
        "-P",  # what lies in the workflow's directory is none of Sojourn's modules
        "-m",
        "sojourn.monitor.child",
        workflow,
        "" if seen is None else repr(seen),
        str(log),
        *command.arguments,
    ]
    beside = log.with_suffix(".out") if apart else None
    with log.open("ab") as err, _private(beside) if beside else nullcontext(err) as out:
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=command.directory,
                env={**os.environ, "SOJOURN_HOME": str(home), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        except OSError as fault:
            raise NotPossible(
                f"workflow {workflow} cannot be started: {command.interpreter}: "
                f"{fault.strerror or fault}"
            ) from fault
    return Launched(workflow, log, process, beside)


def _new_log(home: Path, workflow: str) -> Path:
    """A new private file; the oldest of the same workflow are removed."""
    folder = private_directory(home / "logs")
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", workflow)[:80]
    now = time.time()
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}"
    log = folder / f"{stem}-{stamp}.log"
    _private(log).close()
    own = re.compile(re.escape(stem) + r"-\d{8}T\d{6}\.\d{3}\.(log|out)")
    old = sorted(file for file in folder.iterdir() if own.fullmatch(file.name))
    dropped = {file.stem for file in old} - set(sorted({file.stem for file in old})[-KEPT_LOGS:])
    for file in old:
        if file.stem in dropped:
            with suppress(OSError):
                file.unlink()
    return log


def _private(file: Path) -> BinaryIO:
    """A file that only the user can read, opened at its end."""
    return os.fdopen(
        os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab"
    )
