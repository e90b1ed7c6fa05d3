"""Why a program that was started on a machine does not answer.

Before the program comes the account's login shell, whose start-up files may print, wait, read
input, exit or start another shell. The error says what was seen of that.
"""

from dataclasses import dataclass, field
from typing import Protocol

from sojourn.errors import ConnectionLost, MachineError, SiteError
from sojourn.site.frames import NOISE_LIMIT
from sojourn.transports.base import Channel
from sojourn.transports.limits import limited

_STATUS_LIMIT = 5.0
"""Seconds to wait for the exit status of a program whose output has ended."""

_SHOWN = 200
"""Characters that are shown of what was printed."""

_START_UP_FILES = (
    "Look at the start-up file of the account's login shell there: ~/.bashrc (bash), ~/.zshenv "
    "(zsh), ~/.cshrc or ~/.tcshrc (csh, tcsh), ~/.config/fish/config.fish (fish), ~/.ssh/rc. "
    "Without a terminal it must not wait, read input, print much, exit or start another shell."
)


class Opener(Protocol):
    """Whatever opens channels: a transport."""

    def open(self, command: str) -> Channel: ...


@dataclass(slots=True)
class Greeting:
    """What has been seen of the beginning of a trip.

    `limit` is how many seconds it may take; `begun` whether the program itself has started.
    """

    machine: str
    root: str
    limit: float
    noise: bytearray = field(default_factory=bytearray)
    begun: bool = False

    def late(self, lost: ConnectionLost, channel: Channel, transport: Opener) -> MachineError:
        """The error for a limit that has passed; a connection that has stalled is lost."""
        if not self._printed(channel) and not self.begun and not _answers(transport):
            return lost
        if self.begun:
            return SiteError(
                f"started the program, which did not answer within {self.limit:g} s",
                machine=self.machine,
                hint=f"The file system of {self.root}, or of TMPDIR there, may be hanging.",
            )
        return self._error(
            f"no answer within {self.limit:g} s; the login shell printed",
            channel,
            " If it does none of this, the network may have gone silent; if it is only slow, set"
            " connect_timeout for the machine.",
        )

    def flooded(self, channel: Channel) -> MachineError:
        """The error for noise without end."""
        much = f"more than {NOISE_LIMIT >> 20} MiB"
        return self._error(f"no answer, but {much} from the login shell, which printed", channel)

    def ended(self, lost: ConnectionLost, channel: Channel) -> MachineError:
        """The error for output that has ended; without an exit status the connection is lost."""
        status = _status(channel)
        if status is None:
            return lost
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        if not self.begun:
            return self._error(f"the login shell ended {how}, no command ran; it printed", channel)
        said = self._printed(channel)
        return SiteError(f"the program ended {how} at its start: {said}", machine=self.machine)

    def _error(self, what: str, channel: Channel, more: str = "") -> SiteError:
        printed = self._printed(channel)
        return SiteError(
            f"{what} {printed!r}" if printed else f"{what} nothing",
            machine=self.machine,
            hint=_START_UP_FILES + more,
        )

    def _printed(self, channel: Channel) -> str:
        """The end of standard error, else the beginning of the output."""
        errors = channel.stderr_tail().decode("utf-8", "replace").strip()
        output = self.noise[: 4 * _SHOWN].decode("utf-8", "replace").strip()
        return errors[-_SHOWN:] or output[:_SHOWN]


def _status(channel: Channel) -> int | None:
    """The exit status of a program whose output has ended; None if there is none."""
    try:
        with limited(_STATUS_LIMIT, channel.close):
            channel.send_eof()
            return channel.wait()
    except ConnectionLost:
        return None


def _answers(transport: Opener) -> bool:
    """Whether the machine still accepts a command: then its silence is no stalled connection."""
    try:
        transport.open("exit 0").close()
    except MachineError:
        return False
    return True
