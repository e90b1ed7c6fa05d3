"""Whether a machine can be reached: its name, its port, its key, the login."""

import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from sojourn.errors import HostKeyRefused, NeedsLogin, SojournError
from sojourn.store.machines import OK
from sojourn.values.messages import CheckLine

if TYPE_CHECKING:
    from sojourn.session.links import Link
    from sojourn.store.store import Store
    from sojourn.transports.config import SshConfig
    from sojourn.transports.ssh_config import Host

_NAME = "name resolution"


def reaching(link: "Link", store: "Store") -> Iterator[CheckLine]:
    """For SSH each step of the way; for other transports that a command can be run."""
    if link.machine.transport in ("ssh", "openssh"):
        for line in _network(cast("SshConfig", link.machine.connection)):
            yield line
            if line.ok is False:
                return
    yield from _login(link, store)


def _network(settings: "SshConfig") -> Iterator[CheckLine]:
    from sojourn.transports.ssh_config import route

    try:
        hosts = route(settings)
    except SojournError as error:
        yield CheckLine("ssh's settings", False, error.message, error.hint)
        return
    first, others = hosts[0], hosts[1:]
    if first.proxy_command:
        yield CheckLine(_NAME, None, f"left to the ProxyCommand {first.proxy_command}")
        return
    try:
        found = socket.getaddrinfo(first.hostname, first.port, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = "check `host`, ~/.ssh/config, and whether a VPN is needed"
        yield CheckLine(_NAME, False, f"{first.hostname}: {error.strerror or error}", advice)
        return
    addresses = ", ".join(dict.fromkeys(str(one[4][0]) for one in found))
    yield CheckLine(_NAME, True, f"{first.hostname} is {addresses}")
    yield _greeting(first, settings.connect_timeout)
    if others:
        way = " -> ".join(host.hostname for host in hosts)
        yield CheckLine("jump hosts", None, f"{way}: those behind the first are tried by the login")


def _greeting(host: "Host", timeout: float) -> CheckLine:
    """Whether something answers on the port, and says that it is an ssh server."""
    begun = time.monotonic()
    try:
        with socket.create_connection((host.hostname, host.port), timeout=timeout) as stream:
            stream.settimeout(timeout)
            said = stream.recv(256).decode("ascii", "replace").split("\n")[0].strip()
    except OSError as error:
        advice = "check `port`, the firewall, and whether the machine is up"
        return CheckLine("connection", False, f"{host}: {error.strerror or error}", advice)
    took = f"after {(time.monotonic() - begun) * 1000:.0f} ms"
    if said.startswith("SSH-"):
        return CheckLine("connection", True, f"{host} answers {took}: {said}")
    return CheckLine(
        "connection", False, f"{host} answers, but not as an ssh server: {said!r}", "check `port`"
    )


def _login(link: "Link", store: "Store") -> Iterator[CheckLine]:
    """One command, on a connection of our own, whatever the store says about the machine."""
    ssh = link.machine.transport in ("ssh", "openssh")
    begun = time.monotonic()
    try:
        channel = link.context.transport.open("exit 0")
        try:
            channel.send_eof()
            while channel.receive(65536):
                pass
            status = channel.wait()
        finally:
            channel.close()
    except HostKeyRefused as error:
        yield CheckLine("host key", False, error.message, error.hint)
        return
    except NeedsLogin as error:
        if ssh:
            yield CheckLine("host key", True, "is the one that is known")
        yield CheckLine("login", False, error.message, error.hint)
        return
    except SojournError as error:
        yield CheckLine("login" if ssh else "connection", False, error.message, error.hint)
        return
    took = f"in {(time.monotonic() - begun) * 1000:.0f} ms"
    if ssh:
        yield CheckLine("host key", True, "is the one that is known")
    if status != 0:
        advice = "the account must be able to run commands without a terminal"
        yield CheckLine("login", False, f"the login shell ends with status {status}", advice)
        return
    store.set_machine_state(link.name, OK, at=time.time())
    yield CheckLine("login" if ssh else "connection", True, f"a command runs there {took}")
