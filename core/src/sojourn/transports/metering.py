"""What we cost a machine: connections, trips, scheduler calls, bytes."""

import threading
from dataclasses import asdict, dataclass

from sojourn.transports.base import Channel, Transport


@dataclass(frozen=True, slots=True)
class Cost:
    """Counts since the meter was made."""

    connections: int = 0
    """Authenticated connections made; none for `transport: local`."""
    trips: int = 0
    """Channels opened."""
    scheduler_calls: int = 0
    """Commands of the scheduler run there."""
    bytes_sent: int = 0
    """To programs' standard input."""
    bytes_received: int = 0
    """From programs' standard output."""

    def as_dict(self) -> dict[str, int]:
        """Ready for JSON."""
        return asdict(self)


class Meter:
    """Counts what is done to one machine. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cost = Cost()

    def add(
        self,
        *,
        connections: int = 0,
        trips: int = 0,
        scheduler_calls: int = 0,
        bytes_sent: int = 0,
        bytes_received: int = 0,
    ) -> None:
        """Add to the counts."""
        with self._lock:
            old = self._cost
            self._cost = Cost(
                old.connections + connections,
                old.trips + trips,
                old.scheduler_calls + scheduler_calls,
                old.bytes_sent + bytes_sent,
                old.bytes_received + bytes_received,
            )

    def snapshot(self) -> Cost:
        """The counts now."""
        with self._lock:
            return self._cost


class _MeteredChannel:
    """A channel whose bytes are counted."""

    def __init__(self, inner: Channel, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter
        self.send_eof = inner.send_eof
        self.stderr_tail = inner.stderr_tail
        self.wait = inner.wait
        self.close = inner.close

    def send(self, data: bytes) -> None:
        self._inner.send(data)
        self._meter.add(bytes_sent=len(data))

    def receive(self, size: int) -> bytes:
        data = self._inner.receive(size)
        self._meter.add(bytes_received=len(data))
        return data


class MeteredTransport:
    """Any transport, with its use counted in `meter`.

    Connections are counted where the transport has an attribute `connections`: how many it
    has made so far.
    """

    def __init__(self, inner: Transport, meter: Meter) -> None:
        self.inner = inner
        self.meter = meter
        self._lock = threading.Lock()
        self._connections = 0

    def open(self, command: str) -> Channel:
        """See `Transport.open`."""
        try:
            channel = self.inner.open(command)
        finally:
            self._count_connections()
        self.meter.add(trips=1)
        return _MeteredChannel(channel, self.meter)

    def connect(self) -> None:
        """Connect before the first channel is asked for, where the transport can."""
        connect = getattr(self.inner, "connect", None)
        if connect is not None:
            connect()

    def close(self) -> None:
        """See `Transport.close`."""
        self.inner.close()

    def _count_connections(self) -> None:
        with self._lock:
            made: int = getattr(self.inner, "connections", 0)
            new, self._connections = made - self._connections, made
        if new:
            self.meter.add(connections=new)
