"""An authenticated connection, through as many jump hosts as the configuration names."""

import time
from collections.abc import Sequence

from sojourn.errors import SojournError
from sojourn.transports.auth import Authenticator
from sojourn.transports.dial import ProxySocket, dial
from sojourn.transports.hostkeys import check_host_key, keeping, keys_for, read_known_hosts
from sojourn.transports.revoked import refuse_revoked
from sojourn.transports.slots import Slots
from sojourn.transports.ssh_config import Host
from sojourn.transports.translate import FOREIGN, while_connecting, worth_repeating
from sojourn.transports.wire import Watch, Wire

KEEPALIVE = 15.0
"""Seconds of silence after which a sign of life is asked for."""


class Unlucky(Exception):
    """A connection that failed in a way that may pass; `error` says how."""

    def __init__(self, error: SojournError) -> None:
        super().__init__(str(error))
        self.error = error


class Connection:
    """One connection to the machine, with the wires to its jump hosts.

    Made by `connect`; `slots` counts its channels.
    """

    def __init__(self, machine: str, keepalive: float) -> None:
        self._wires: list[Wire] = []
        self._proxy: ProxySocket | None = None
        self._watch: Watch | None = None
        self._keepalive = keepalive
        self.slots = Slots(machine)

    @property
    def wire(self) -> Wire:
        """The wire to the machine itself."""
        return self._wires[-1]

    @property
    def alive(self) -> bool:
        """Whether the connection still stands, as far as is known."""
        return bool(self._wires) and all(wire.is_active() for wire in self._wires)

    def extend(
        self, host: Host, authenticator: Authenticator, machine: str, timeout: float
    ) -> None:
        """Go on to `host` and log in there."""
        deadline = time.monotonic() + timeout
        if self._wires:
            stream = self.wire.open_channel(
                "direct-tcpip", (host.hostname, host.port), ("127.0.0.1", 0), timeout=timeout
            )
            wire = Wire(stream)
        else:
            direct = dial(host, timeout)
            if isinstance(direct, ProxySocket):
                self._proxy = direct
            wire = Wire(direct)
        self._wires.append(wire)
        _shake_hands(wire, host, machine, max(deadline - time.monotonic(), 0.1))
        authenticator.log_in(wire, host)

    def proxy(self, host: Host) -> str:
        """By which ProxyCommand `host` was tried, and what that has printed; "" without one."""
        if not host.proxy_command or self._proxy is None:
            return ""
        printed = self._proxy.printed()
        said = f"which printed {printed!r}" if printed else "which printed nothing"
        return f" by its ProxyCommand {host.proxy_command!r}, {said}"

    def watch(self) -> None:
        """Begin to notice when the connection dies in silence."""
        self._watch = Watch(self.wire, self._keepalive)
        self._watch.start()

    def close(self) -> None:
        """End it. May be called twice, and from any thread."""
        self.slots.end()
        if self._watch is not None:
            self._watch.stop()
        for wire in reversed(self._wires):
            wire.close()
            # Else its timer would keep the process alive after a handshake that failed.
            wire.packetizer.complete_handshake()


def connect(
    route: Sequence[Host],
    authenticator: Authenticator,
    *,
    machine: str,
    timeout: float,
    keepalive: float = KEEPALIVE,
) -> Connection:
    """Connect along `route` and log in at each host, each within `timeout` seconds.

    What a person takes to answer comes on top.

    Raises:
        Unlucky: worth trying again.
        NeedsLogin, HostKeyRefused, SiteError, Unreachable: not so.
    """
    connection = Connection(machine, keepalive)
    try:
        for host in route:
            try:
                connection.extend(host, authenticator, machine, timeout)
            except FOREIGN as error:
                connection.close()
                route_taken = connection.proxy(host)
                translated = while_connecting(
                    error, machine=machine, host=str(host), by=route_taken
                )
                if worth_repeating(error):
                    raise Unlucky(translated) from error
                raise translated from error
        connection.watch()
    except BaseException:
        connection.close()
        raise
    return connection


def _shake_hands(wire: Wire, host: Host, machine: str, timeout: float) -> None:
    known = read_known_hosts((*host.known_hosts, *host.system_known_hosts))
    wire.prefer_host_keys([key.kind for key in keys_for(known, host.key_name)])
    wire.banner_timeout = timeout
    wire.handshake_timeout = timeout
    wire.start_client(timeout=timeout)
    if not wire.initial_kex_done:
        raise TimeoutError(f"no ssh handshake within {timeout:.0f} s")
    key = wire.get_remote_server_key()
    refuse_revoked(host.revoked_host_keys, name=host.key_name, blob=key.asbytes(), machine=machine)
    check_host_key(
        known,
        name=host.key_name,
        kind=key.get_name(),
        blob=key.asbytes(),
        file=keeping(host.known_hosts),
        machine=machine,
        command=host.known_hosts_command,
        strict=host.strict_host_keys,
    )
