"""The cutting proxy does what its plan says, at the byte that it says."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.support.cutting import CuttingProxy, Fate, How, seeded_plan


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(stream: socket.socket) -> None:
        with stream:
            try:
                while data := stream.recv(65536):
                    stream.sendall(data)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(stream,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def exchange(proxy: CuttingProxy, data: bytes) -> bytes:
    """What comes back of `data`."""
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as stream:
        sender = threading.Thread(target=stream.sendall, args=(data,))
        sender.start()
        received = b""
        while len(received) < len(data) and (piece := stream.recv(65536)):
            received += piece
        sender.join()
        return received


def until_silent(stream: socket.socket) -> bytes:
    """What comes until nothing does; an end would be a failure."""
    stream.settimeout(0.3)
    received = b""
    while True:
        try:
            piece = stream.recv(1000)
        except TimeoutError:
            return received
        assert piece
        received += piece


DATA = bytes(range(256)) * 20


def test_what_has_no_fate_passes(echo: tuple[str, int]) -> None:
    with CuttingProxy(echo) as proxy:
        assert exchange(proxy, DATA * 100) == DATA * 100
        assert (proxy.connections, proxy.cuts) == (1, 0)


@pytest.mark.parametrize("after", [0, 1, 1000, 5119])
def test_a_cut_comes_at_its_byte(echo: tuple[str, int], after: int) -> None:
    with CuttingProxy(echo, [Fate(How.CLOSE, after, upwards=False)]) as proxy:
        assert exchange(proxy, DATA) == DATA[:after]
        assert proxy.cuts == 1
        assert exchange(proxy, DATA) == DATA


def test_a_reset_is_one(echo: tuple[str, int]) -> None:
    with CuttingProxy(echo, [Fate(How.RESET, 100)]) as proxy, pytest.raises(ConnectionError):
        exchange(proxy, DATA)


def test_a_stall_tells_nobody(echo: tuple[str, int]) -> None:
    with (
        CuttingProxy(echo, [Fate(How.STALL, 100)]) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), 10) as stream,
    ):
        stream.sendall(DATA)
        assert DATA[:100].startswith(until_silent(stream))


def test_a_delay_loses_nothing(echo: tuple[str, int]) -> None:
    with CuttingProxy(echo, [Fate(How.DELAY, seconds=0.1)]) as proxy:
        assert exchange(proxy, DATA) == DATA


def test_orders_come_before_the_plan(echo: tuple[str, int]) -> None:
    with CuttingProxy(echo, [None, Fate(How.CLOSE)]) as proxy:
        proxy.plan(Fate(How.CLOSE))
        assert exchange(proxy, DATA[:10]) == b""
        assert exchange(proxy, DATA[:10]) == DATA[:10]
        assert exchange(proxy, DATA[:10]) == b""


def test_all_that_is_open_can_be_cut_at_once(echo: tuple[str, int]) -> None:
    with (
        CuttingProxy(echo) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), 10) as stream,
    ):
        stream.sendall(b"x")
        assert stream.recv(1) == b"x"
        proxy.cut_all()
        assert stream.recv(1) == b""


def test_a_seed_makes_one_plan() -> None:
    assert seeded_plan(3, cuts=5) == seeded_plan(3, cuts=5)
    assert seeded_plan(3, cuts=5) != seeded_plan(4, cuts=5)
    assert all(10 <= fate.after <= 20 for fate in seeded_plan(1, cuts=9, lowest=10, highest=20))
