"""Running a program that brings a notification: it ends in time, with all that it started."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from sojourn.errors import PluginError


def run_program(
    command: Sequence[str],
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> None:
    """Run `command` with `given` on its standard input.

    Raises:
        PluginError: it does not start, fails, or is not done after `timeout` seconds.
    """
    name = command[0].rpartition("/")[2]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    except (OSError, ValueError) as fault:
        raise PluginError(f"{name} does not start: {fault}") from fault
    try:
        _, said = process.communicate(given, timeout)
    except subprocess.TimeoutExpired as late:
        raise PluginError(f"{name} was not done after {timeout:g} s") from late
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
    if process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines()
        last = f": {lines[-1]}" if lines else ""
        raise PluginError(f"{name} ended with exit status {process.returncode}{last}")
