"""The command that opens a shell in a directory of a machine."""

from shlex import quote
from typing import TYPE_CHECKING, cast

from sojourn.errors import NotPossible

if TYPE_CHECKING:
    from sojourn.machines.model import Machine
    from sojourn.transports.config import SshConfig

_GO = 'cd "$1/work" 2>/dev/null || cd "$1" || exit 1; exec "${SHELL:-sh}"'
"""Into the command's directory, or, before it has started, into the attempt's."""


def shell_command(machine: "Machine", directory: str, *, terminal: bool) -> list[str]:
    """The words of a program that opens a shell there; `terminal` asks for one over there.

    Raises:
        NotPossible: the transport is a plugin's, which has no such command.
    """
    here = ["sh", "-c", _GO, "sh", directory]
    if machine.transport == "local":
        return here
    if machine.transport not in ("ssh", "openssh"):
        raise NotPossible(
            f"transport {machine.transport} of {machine.name} opens no shells",
            hint=f"the directory is {directory}",
        )
    from sojourn.transports.ssh_lookup import ssh_options

    settings = cast("SshConfig", machine.connection)
    words = ["ssh", *ssh_options(settings), *_kept(machine, settings)]
    words += ["-t"] if terminal else ["-T"]
    return [*words, "--", settings.host, " ".join(map(quote, here))]


def _kept(machine: "Machine", settings: "SshConfig") -> list[str]:
    """The connection that a login keeps, so that nobody is asked for a second code."""
    if machine.transport != "openssh":
        return []
    from sojourn.transports.master import Masters
    from sojourn.transports.openssh import KEEPALIVE

    master = Masters(settings, machine.name, KEEPALIVE).find()
    return [] if master is None else ["-o", f"ControlPath={master.path}", "-o", "ControlMaster=no"]
