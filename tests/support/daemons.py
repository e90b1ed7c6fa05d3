"""Daemons that the tests start: followed by process id and start time, never by name.

What is needed to stop one is written beside its log, so that another process of the same
test run can stop it and start it again.
"""

import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import await_end, end, reap, start_time
from tests.support.waiting import eventually


@dataclass
class Daemon:
    """One program that stays in the foreground, in a session of its own."""

    name: str
    command: Sequence[str]
    directory: Path
    """Where its log and its record go."""
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    patience: float = 30.0
    """Seconds until it must be ready, and until it must have ended."""

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.directory / f"{self.name}.log"

    @property
    def record(self) -> Path:
        """Who it is: written at its start, gone after its end."""
        return self.directory / f"{self.name}.process"

    @property
    def pid(self) -> int | None:
        """The id of the very process that was started; None if it does not run."""
        recorded = self._recorded
        if recorded is None or start_time(recorded[0]) != recorded[1]:
            return None
        return recorded[0]

    @property
    def _recorded(self) -> tuple[int, str] | None:
        try:
            pid, started = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return None
        return int(pid), str(started)

    def start(self) -> None:
        """Start it and wait until it is ready. One that runs is left as it is.

        Raises:
            RuntimeError: it ended, or was not ready in time; holds the end of its log.
        """
        if self.pid is not None:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        pid = os.posix_spawn(
            self.command[0],
            list(self.command),
            {**os.environ, **self.environment},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self.log), flags, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        self.record.write_text(json.dumps([pid, start_time(pid)]))
        with suppress(AssertionError):
            eventually(lambda: self.ready() or self.pid is None, timeout=self.patience)
            if self.pid is not None:
                return
        self.stop()
        tail = self.log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self.name} ended, or was not ready in time\n{tail}")

    def stop(self) -> None:
        """End it. One that does not run is left alone."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGCONT)
            end(pid, self.patience)
        elif self._recorded is not None:
            reap(self._recorded[0])
        self.record.unlink(missing_ok=True)

    def restart(self) -> None:
        """End it and start it again."""
        self.stop()
        self.start()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal: SIGKILL for a crash, SIGSTOP and SIGCONT for one that hangs.

        Raises:
            RuntimeError: it does not run.
        """
        pid = self.pid
        if pid is None:
            raise RuntimeError(f"{self.name} does not run")
        started = start_time(pid)
        os.kill(pid, number)
        if number is signal.SIGKILL and started is not None:
            await_end(pid, started)
