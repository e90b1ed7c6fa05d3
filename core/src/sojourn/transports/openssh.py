"""The transport `openssh`: programs run on a machine over the ssh program's connections.

For sites with ControlMaster, one-time codes, Kerberos: whatever `ssh` itself can do. A master
connection that stands already is used, so that nobody is asked a second time.
"""

import contextlib
import copy
import threading
from functools import partial
from typing import TYPE_CHECKING

import tenacity

from sojourn.errors import ConnectionLost, NeedsLogin, Unreachable
from sojourn.transports import mux
from sojourn.transports.exhaustion import own_limits
from sojourn.transports.marking import Mark
from sojourn.transports.master import Master, Masters
from sojourn.transports.openssh_channel import OpensshChannel
from sojourn.transports.pipes import IDLE_TIMEOUT, make_pipes
from sojourn.transports.slots import ChannelRefused, Slots

if TYPE_CHECKING:
    from sojourn.transports.config import SshConfig

KEEPALIVE = 15.0
"""Seconds of silence after which ssh asks for a sign of life; three without one are the end."""

_ATTEMPTS = 4
_LONGEST_PAUSE = 4.0


class OpensshTransport:
    """A machine over the ssh program.

    Uses the connection that `login` keeps, else the living master of the user's own
    ControlPath, else makes one, without asking anybody anything, that ends with `close`.
    """

    def __init__(
        self,
        settings: "SshConfig",
        *,
        machine: str = "",
        idle_timeout: float = IDLE_TIMEOUT,
        keepalive: float = KEEPALIVE,
    ) -> None:
        self._settings = settings
        self._machine = machine or settings.host
        self._idle_timeout = idle_timeout
        self._keepalive = keepalive
        self._lock = threading.Lock()
        self._masters: Masters | None = None
        self._master: Master | None = None
        self._slots = Slots(self._machine)
        self._channels: list[OpensshChannel] = []
        self._refused: NeedsLogin | None = None
        self._closed = False
        self._made = 0

    @property
    def connections(self) -> int:
        """How many connections were made so far."""
        return self._made

    def open(self, command: str) -> OpensshChannel:
        """Start `command`; see `Transport.open`."""
        with own_limits(self._machine):
            return self._open(command)

    def _open(self, command: str) -> OpensshChannel:
        for attempt in range(_ATTEMPTS):
            master, slots = self._connected()
            try:
                channel = slots.open(partial(self._start, master, slots, command))
            except (mux.MasterGone, ConnectionLost) as error:
                # No session had begun: the connection is simply made again.
                self._forget(master)
                if self._closed or attempt == _ATTEMPTS - 1:
                    raise ConnectionLost(str(error), machine=self._machine) from error
                continue
            except mux.Interrupted as error:
                self._forget(master)
                message = f"the connection ended: {error}"
                raise ConnectionLost(message, machine=self._machine) from error
            with self._lock:
                self._channels = [known for known in self._channels if not known.closed]
                self._channels.append(channel)
            return channel
        raise AssertionError("unreachable")

    def login(self, terminal: bool = True) -> None:
        """Open a connection that stays until `logout`; a person is asked only at a terminal.

        Raises:
            NeedsLogin: a person is wanted and there is no terminal, or the login was refused.
            Unreachable, HostKeyRefused: as for `open`.
        """
        with self._lock:
            masters = self._found_masters()
        masters.log_in(terminal=terminal)
        self.reset()

    def logout(self) -> bool:
        """End the connection that `login` opened; whether there was one."""
        with self._lock:
            return self._found_masters().log_out()

    def is_open(self) -> bool:
        """Whether a connection stands that `open` would use without making one."""
        with self._lock:
            if self._master is not None and self._master.alive():
                return True
            return self._found_masters().find() is not None

    def reset(self) -> None:
        """Forget that the machine wanted a person: the next `open` tries again."""
        with self._lock:
            self._refused = None

    def close(self) -> None:
        self._closed = True
        with self._lock:
            master, self._master = self._master, None
            channels, self._channels = self._channels, []
        for channel in channels:
            channel.close()
        self._slots.end()
        if master is not None:
            self._end(master)

    def _found_masters(self) -> Masters:
        if self._masters is None:
            self._masters = Masters(self._settings, self._machine, self._keepalive)
        return self._masters

    def _connected(self) -> tuple[Master, Slots]:
        with self._lock:
            if self._closed:
                raise ConnectionLost("the transport was closed", machine=self._machine)
            if self._master is not None:
                return self._master, self._slots
            masters = self._found_masters()
            # One may have been opened by `sojourn login` in another process meanwhile.
            master = masters.find()
            if master is None:
                if self._refused is not None:
                    raise copy.copy(self._refused)
                try:
                    master = self._start_master(masters)
                except NeedsLogin as error:
                    self._refused = error
                    raise
                self._made += 1
            self._refused = None
            self._master = master
            self._slots = Slots(self._machine)
            return self._master, self._slots

    def _start_master(self, masters: Masters) -> Master:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Unreachable),
            stop=tenacity.stop_after_attempt(_ATTEMPTS)
            | tenacity.stop_before_delay(self._settings.connect_timeout),
            wait=tenacity.wait_random_exponential(0.25, _LONGEST_PAUSE),
            reraise=True,
        )
        return retrying(masters.start)

    def _forget(self, master: Master) -> None:
        with self._lock:
            if self._master is not master:
                return
            self._master = None
            self._slots.end()
        self._end(master)

    @staticmethod
    def _end(master: Master) -> None:
        if master.ours:
            with contextlib.suppress(mux.Refused):
                mux.terminate(master.path)

    def _start(self, master: Master, slots: Slots, command: str) -> OpensshChannel:
        mark = Mark()
        ours, theirs = make_pipes()
        try:
            session = mux.open_session(
                master.path, mark.command(command), theirs, timeout=self._settings.connect_timeout
            )
        except mux.Refused as refusal:
            ours.close()
            raise ChannelRefused(str(refusal)) from refusal
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        try:
            return OpensshChannel(
                session,
                master,
                slots,
                ours,
                mark=mark,
                machine=self._machine,
                idle_timeout=self._idle_timeout,
            )
        except OSError:
            session.close()
            raise
