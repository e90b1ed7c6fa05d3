"""From the word in `transport:` to a transport; what a kind needs is imported only then."""

from typing import TYPE_CHECKING, cast

from sojourn.errors import PluginError, UnknownBackend
from sojourn.transports.lean import load_paramiko

if TYPE_CHECKING:
    from pydantic import BaseModel

    from sojourn.transports.base import Transport
    from sojourn.transports.config import SshConfig


def open_transport(
    kind: str, config: "BaseModel | None", machine: str, *, interactive: bool = True
) -> "Transport":
    """A transport of that kind for `machine`; nothing is contacted yet.

    `config` is a `LocalConfig` or an `SshConfig`. With `interactive=False` nobody is asked for
    a password or a code, even at a terminal.

    Raises:
        PluginError: the kind needs a package that is not installed.
        UnknownBackend: there is no such kind.
    """
    if kind == "local":
        from sojourn.transports.local import LocalTransport

        return LocalTransport(machine=machine)
    if kind == "ssh":
        try:
            load_paramiko()
            from sojourn.transports.ssh import SshTransport
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != "paramiko":
                raise
            raise PluginError(
                f"{machine}: transport ssh needs the package paramiko",
                hint='pip install "sojourn[ssh]"',
            ) from error
        return SshTransport(cast("SshConfig", config), machine=machine, interactive=interactive)
    if kind == "openssh":
        from sojourn.transports.openssh import OpensshTransport

        return OpensshTransport(cast("SshConfig", config), machine=machine)
    raise UnknownBackend(
        f"{machine}: there is no transport {kind!r}", hint="It is local, ssh or openssh."
    )
