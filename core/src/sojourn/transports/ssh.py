"""The transport `ssh`: programs run on a machine over one paramiko connection."""

import copy
import shlex
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import paramiko
import tenacity

from sojourn.errors import ConnectionLost, NeedsLogin, SiteError, SojournError
from sojourn.transports.auth import Authenticator
from sojourn.transports.connection import KEEPALIVE, Connection, Unlucky, connect
from sojourn.transports.exhaustion import own_limits
from sojourn.transports.limits import limited
from sojourn.transports.marking import Mark
from sojourn.transports.pipes import IDLE_TIMEOUT
from sojourn.transports.slots import ChannelRefused
from sojourn.transports.ssh_channel import SshChannel
from sojourn.transports.ssh_config import Host, route
from sojourn.transports.ssh_lookup import command_to_try
from sojourn.transports.translate import FOREIGN, while_running

if TYPE_CHECKING:
    from sojourn.transports.config import SshConfig

_ATTEMPTS = 4
_LONGEST_PAUSE = 4.0


class SshTransport:
    """A machine over SSH with paramiko: one connection, made at the first `open`.

    A connection that drops is made again by the next `open`, with back-off. Where the machine
    wants a person and there is none to ask, `NeedsLogin` is raised once by an attempt and from
    then on at once, until `reset`.
    """

    def __init__(
        self,
        settings: "SshConfig",
        *,
        machine: str = "",
        interactive: bool = True,
        idle_timeout: float = IDLE_TIMEOUT,
        keepalive: float = KEEPALIVE,
    ) -> None:
        self._settings = settings
        self._machine = machine or settings.host
        self._idle_timeout = idle_timeout
        self._keepalive = keepalive
        self._authenticator = Authenticator(machine=self._machine, interactive=interactive)
        self._lock = threading.Lock()
        self._route: tuple[Host, ...] = ()
        self._connection: Connection | None = None
        self._channels: list[SshChannel] = []
        self._refused: NeedsLogin | None = None
        self._failed: SojournError | None = None
        self._closed = False
        self._made = 0

    @property
    def connections(self) -> int:
        """How many connections were made so far."""
        return self._made

    def open(self, command: str) -> SshChannel:
        """Start `command`; see `Transport.open`."""
        with own_limits(self._machine):
            return self._open(command)

    def _open(self, command: str) -> SshChannel:
        for attempt in range(_ATTEMPTS):
            connection = self._connected()
            try:
                channel = connection.slots.open(partial(self._session, connection))
            except ConnectionLost:
                # A connection that died unnoticed: no command was sent, so it is made again.
                if self._closed or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return self._begin(connection, channel, command)
        raise AssertionError("unreachable")

    def connect(self) -> None:
        """Connect now, so that the first `open` need not wait; it tells what went wrong."""
        try:
            self._connected(early=True)
        except SojournError:
            return

    def reset(self) -> None:
        """Forget that the machine wanted a person: the next `open` tries again."""
        with self._lock:
            self._refused = None
            self._route = ()

    def close(self) -> None:
        self._closed = True
        with self._lock:
            connection, self._connection = self._connection, None
            channels, self._channels = self._channels, []
        for channel in channels:
            channel.close()
        if connection is not None:
            connection.close()

    def _connected(self, *, early: bool = False) -> Connection:
        with self._lock:
            if self._closed:
                raise ConnectionLost("the transport was closed", machine=self._machine)
            if self._connection is not None and self._connection.alive:
                return self._connection
            if self._refused is not None:
                raise copy.copy(self._refused)
            failed, self._failed = self._failed, None
            if failed is not None:
                raise failed
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            try:
                self._connection = self._connect()
            except NeedsLogin as error:
                self._refused = error
                raise
            except SojournError as error:
                self._failed = error if early else None
                raise
            self._made += 1
            return self._connection

    def _connect(self) -> Connection:
        self._route = self._route or route(self._settings)
        machine = self._route[-1]
        again = command_to_try(self._settings, user=machine.user, port=machine.port)
        self._authenticator.again = shlex.join(again)
        deadline = time.monotonic() + self._settings.connect_timeout
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Unlucky),
            stop=tenacity.stop_after_attempt(_ATTEMPTS)
            | tenacity.stop_before_delay(self._settings.connect_timeout),
            wait=tenacity.wait_random_exponential(0.25, _LONGEST_PAUSE),
            reraise=True,
        )
        try:
            return retrying(
                lambda: connect(
                    self._route,
                    self._authenticator,
                    machine=self._machine,
                    timeout=max(deadline - time.monotonic(), 0.5),
                    keepalive=self._keepalive,
                )
            )
        except Unlucky as unlucky:
            raise unlucky.error from unlucky.__cause__

    def _session(self, connection: Connection) -> paramiko.Channel:
        limit, begun = self._settings.connect_timeout, time.monotonic()
        try:
            return connection.wire.open_session(timeout=limit)
        except FOREIGN as error:
            # paramiko says by no type of its own that there was no answer. A server that does not
            # even refuse has stalled: nobody gets anything from it.
            if time.monotonic() - begun >= limit:
                connection.close()
            if connection.alive:
                raise ChannelRefused(str(error)) from error
            raise while_running(error, machine=self._machine) from error

    def _begin(self, connection: Connection, channel: paramiko.Channel, command: str) -> SshChannel:
        mark = Mark()
        try:
            with limited(self._settings.connect_timeout, channel.close) as late:
                channel.exec_command(mark.command(command))
        except BaseException as error:
            channel.close()
            connection.slots.release()
            if not isinstance(error, FOREIGN):
                raise
            if late.is_set():
                message = f"no answer to a command within {self._settings.connect_timeout:g} s"
                raise ConnectionLost(message, machine=self._machine) from error
            if connection.alive:
                message = f"runs no commands: {error}"
                raise SiteError(message, machine=self._machine) from error
            raise while_running(error, machine=self._machine) from error
        started = SshChannel(
            channel,
            connection,
            mark=mark,
            machine=self._machine,
            idle_timeout=self._idle_timeout,
        )
        with self._lock:
            self._channels = [known for known in self._channels if not known.closed]
            self._channels.append(started)
        return started
