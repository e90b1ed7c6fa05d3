"""The transport `local`: programs run on this computer."""

import subprocess
import threading

from sojourn.errors import ConnectionLost
from sojourn.transports.exhaustion import own_limits
from sojourn.transports.groups import end_group
from sojourn.transports.pipes import IDLE_TIMEOUT, Ends, PipeChannel, make_pipes


class LocalChannel(PipeChannel):
    """A program on this computer, in a session of its own."""

    def __init__(
        self, process: subprocess.Popen[bytes], ends: Ends, *, machine: str, idle_timeout: float
    ) -> None:
        self._process = process
        super().__init__(ends, machine=machine, idle_timeout=idle_timeout)

    def wait(self) -> int:
        try:
            status = self._process.wait(self._idle_timeout)
        except subprocess.TimeoutExpired as error:
            raise self._no_end() from error
        self._refuse_closed()
        # What it wrote to standard error is complete with the status, unless a child of it
        # keeps the pipe open.
        self._joined_stderr(0.5)
        return status

    def _end_program(self) -> None:
        end_group(self._process)


class LocalTransport:
    """Runs commands with `sh` on this computer, each in a session of its own."""

    def __init__(self, *, machine: str = "local", idle_timeout: float = IDLE_TIMEOUT) -> None:
        self._machine = machine
        self._idle_timeout = idle_timeout
        self._lock = threading.Lock()
        self._channels: list[LocalChannel] = []
        self._closed = False

    @property
    def connections(self) -> int:
        """How many connections were made: none is needed here."""
        return 0

    def open(self, command: str) -> LocalChannel:
        """Start `command` with `sh`."""
        with self._lock:
            if self._closed:
                raise ConnectionLost("the transport was closed", machine=self._machine)
            with own_limits(self._machine):
                channel = self._start(command)
            self._channels = [known for known in self._channels if not known.closed]
            self._channels.append(channel)
        return channel

    def _start(self, command: str) -> LocalChannel:
        ours, theirs = make_pipes()
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", command],
                stdin=theirs.stdin,
                stdout=theirs.stdout,
                stderr=theirs.stderr,
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        try:
            return LocalChannel(
                process, ours, machine=self._machine, idle_timeout=self._idle_timeout
            )
        except OSError:
            end_group(process)
            raise

    def close(self) -> None:
        with self._lock:
            self._closed = True
            channels, self._channels = self._channels, []
        for channel in channels:
            channel.close()
