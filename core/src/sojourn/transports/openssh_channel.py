"""A program on a machine, over a session of the ssh program's master connection."""

import contextlib

from sojourn.errors import ConnectionLost
from sojourn.transports import mux, signals
from sojourn.transports.marking import Mark, insist
from sojourn.transports.master import Master
from sojourn.transports.pipes import Ends, PipeChannel, make_pipes
from sojourn.transports.slots import Slots

_KILL_TIMEOUT = 5.0


class OpensshChannel(PipeChannel):
    """A program on the machine.

    A program that was ended by a signal is reported as ended by SIGKILL: the ssh program does
    not pass on which one it was.
    """

    def __init__(
        self,
        session: mux.Session,
        master: Master,
        slots: Slots,
        ends: Ends,
        *,
        mark: Mark,
        machine: str,
        idle_timeout: float,
    ) -> None:
        self._session = session
        self._master = master
        self._slots = slots
        self._mark = mark
        self._end_it = False
        super().__init__(ends, machine=machine, idle_timeout=idle_timeout)

    def wait(self) -> int:
        try:
            status = self._session.finish(self._idle_timeout)
        except TimeoutError as error:
            raise self._no_end() from error
        self._refuse_closed()
        self._joined_stderr(0.5)
        if status is not None:
            return status
        if self._master.alive():
            return -signals.UNKNOWN
        raise ConnectionLost("the connection ended under the program", machine=self._machine)

    def _check_end(self) -> None:
        # The output also ends when the connection does. A master that answers after that has
        # not ended, and so the end is the program's.
        if not self._master.alive():
            raise ConnectionLost("the connection ended under the program", machine=self._machine)

    def _before_close(self) -> None:
        # Its group must be known before its channel, on which it is told, is closed.
        self._end_it = not self._session.ended() and self._mark.wait()

    def _end_program(self) -> None:
        self._session.close()
        if self._end_it:
            insist(self._end_group)
        self._slots.release()

    def _end_group(self) -> bool:
        """End the program's process group through a session of its own; False: try again."""
        ours, theirs = make_pipes()
        try:
            session = mux.open_session(
                self._master.path, self._mark.end_command, theirs, timeout=_KILL_TIMEOUT
            )
        except (mux.MasterGone, mux.Interrupted):
            return True
        except mux.Refused:
            return False
        finally:
            ours.close()
            theirs.close()
        with contextlib.suppress(TimeoutError):
            session.finish(_KILL_TIMEOUT)
        session.close()
        return True

    def _stderr(self, data: bytes) -> None:
        self._tail.add(self._mark.strip(data))

    def _stderr_end(self) -> None:
        self._tail.add(self._mark.rest())
