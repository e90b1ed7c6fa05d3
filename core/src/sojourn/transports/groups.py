"""Ending a program of this computer with everything that it started."""

import contextlib
import os
import signal
import subprocess

_GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End `process`, which leads a process group of its own (`start_new_session`)."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
