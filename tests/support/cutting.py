"""A TCP proxy on loopback that cuts, delays or stalls connections as a plan says.

What goes wrong is told by bytes that have passed, not by time, so that a seed repeats it.
"""

import contextlib
import queue
import random
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, repeat
from types import TracebackType

_CHUNK = 65536
_PATIENCE = 0.5
"""Seconds for which an end that is orderly waits for the other side's."""


class How(StrEnum):
    """What happens to a connection."""

    CLOSE = "close"
    """Both sides see an orderly end."""
    RESET = "reset"
    """Both sides see "connection reset by peer"."""
    STALL = "stall"
    """Nothing passes any more, and nobody is told."""
    DELAY = "delay"
    """Everything passes, later."""


@dataclass(frozen=True)
class Fate:
    """What happens to one connection, once `after` bytes have passed in one direction."""

    how: How
    after: int = 0
    upwards: bool = True
    """Count what the client sends; else what it receives."""
    seconds: float = 0.0
    """How long each piece is held back by `DELAY`."""


def seeded_plan(seed: int, *, cuts: int, lowest: int = 0, highest: int = 100_000) -> list[Fate]:
    """`cuts` connections that are cut at random bytes; the same for the same seed."""
    chance = random.Random(seed)
    return [
        Fate(
            chance.choice((How.CLOSE, How.RESET)),
            chance.randint(lowest, highest),
            chance.random() < 0.5,
        )
        for _ in range(cuts)
    ]


class CuttingProxy:
    """Forwards `port` on loopback to `target`; a context manager.

    The first connection has the first fate of `plan`, and so on; None, and every connection
    after the last, passes untouched.
    """

    def __init__(self, target: tuple[str, int], plan: Iterable[Fate | None] = ()) -> None:
        self._target = target
        self._plan: Iterator[Fate | None] = chain(plan, repeat(None))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._links: list[_Link] = []
        self.connections = 0
        """How many were accepted."""
        self.cuts = 0
        """How many were cut or stalled."""

    @property
    def port(self) -> int:
        """Where to connect."""
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> "CuttingProxy":
        self._acceptor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # close() alone would leave accept() waiting.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        self.cut_all()
        for link in self._links:
            link.join()

    def cut_all(self, how: How = How.CLOSE) -> None:
        """Do it to every connection that is open now."""
        for link in list(self._links):
            link.order(how)

    def plan(self, *fates: Fate | None) -> None:
        """What the next connections meet, before the rest of the plan."""
        self._plan = chain(fates, self._plan)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            fate = next(self._plan)
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            link = _Link(client, server, fate, self._count_cut)
            self._links.append(link)
            link.start()

    def _count_cut(self) -> None:
        self.cuts += 1


class _Direction:
    """Bytes on their way from one socket to the other."""

    def __init__(self, source: socket.socket, sink: socket.socket, fate: Fate | None) -> None:
        self.source = source
        self.sink = sink
        self.fate = fate
        self.waiting = b""
        self.passed = 0
        self.ended = False

    @property
    def doomed(self) -> bool:
        """Whether its hour has come."""
        fate = self.fate
        return fate is not None and self.passed >= fate.after and fate.how is not How.DELAY

    def read(self) -> None:
        size = _CHUNK
        if self.fate is not None and self.fate.how is not How.DELAY:
            # No byte more than may pass.
            size = max(1, min(size, self.fate.after - self.passed))
        self.waiting = self.source.recv(size)
        if not self.waiting:
            self.ended = True
            self.sink.shutdown(socket.SHUT_WR)

    def write(self) -> None:
        sent = self.sink.send(self.waiting)
        self.waiting = self.waiting[sent:]
        self.passed += sent


class _Link(threading.Thread):
    """One connection through the proxy; only its own thread touches its sockets."""

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        fate: Fate | None,
        on_cut: Callable[[], None],
    ) -> None:
        super().__init__(daemon=True)
        self._sockets = (client, server)
        up = fate if fate is not None and fate.upwards else None
        down = fate if fate is not None and not fate.upwards else None
        self._directions = (_Direction(client, server, up), _Direction(server, client, down))
        self._on_cut = on_cut
        self._stalled = False
        self._orders: queue.SimpleQueue[How] = queue.SimpleQueue()
        self._bell, self._ear = socket.socketpair()

    def order(self, how: How) -> None:
        """Do that now, whatever the plan was."""
        self._orders.put(how)
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def run(self) -> None:
        for stream in self._sockets:
            stream.setblocking(False)
            # Else every small piece would be delayed by 40 ms, whatever the plan.
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while not all(way.ended for way in self._directions):
                if self._step():
                    break
        except OSError:
            pass
        finally:
            for stream in (*self._sockets, self._bell, self._ear):
                stream.close()

    def _step(self) -> bool:
        """Move what can be moved; whether the connection is over."""
        for way in self._directions:
            if way.doomed and way.fate is not None and not self._stalled:
                self._on_cut()
                if self._do(way.fate.how):
                    return True
        readable, writable, _ = select.select(
            [self._ear, *(way.source for way in self._active() if not way.waiting)],
            [way.sink for way in self._active() if way.waiting],
            [],
        )
        if self._ear in readable:
            self._ear.recv(1)
            return self._do(self._orders.get())
        for way in self._active():
            if way.source in readable and not way.waiting:
                way.read()
                self._delay(way)
            elif way.sink in writable and way.waiting:
                way.write()
        return False

    def _active(self) -> list[_Direction]:
        return [] if self._stalled else [way for way in self._directions if not way.ended]

    def _delay(self, way: _Direction) -> None:
        fate = way.fate
        if fate is not None and fate.how is How.DELAY and way.passed >= fate.after:
            select.select([self._ear], [], [], fate.seconds)

    def _do(self, how: How) -> bool:
        if how is How.STALL:
            self._stalled = True
        if how is How.RESET:
            for stream in self._sockets:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how is How.CLOSE:
            self._part()
        return how in (How.CLOSE, How.RESET)

    def _part(self) -> None:
        """Say goodbye to both; a socket that is closed with bytes unread would send a reset."""
        listening = list(self._sockets)
        for stream in self._sockets:
            stream.shutdown(socket.SHUT_WR)
        while listening:
            readable, _, _ = select.select(listening, [], [], _PATIENCE)
            if not readable:
                return
            for stream in readable:
                if not stream.recv(_CHUNK):
                    listening.remove(stream)
