"""Connections that are cut, reset, stalled and delayed: noticed, never mistaken for an end."""

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sojourn.errors import ConnectionLost, TransientError
from sojourn.transports.base import Transport
from tests.support.cutting import CuttingProxy, Fate, How, seeded_plan
from tests.support.sshd import Sshd
from tests.transports.conftest import Opened, read_all, run

pytestmark = pytest.mark.sshd

SIZE = 1_000_000


@pytest.fixture
def proxy(sshd: Sshd) -> Iterator[CuttingProxy]:
    """A proxy before the sshd."""
    with CuttingProxy((sshd.host, sshd.port)) as proxy:
        yield proxy


@pytest.fixture
def cut_sshd(sshd: Sshd, proxy: CuttingProxy, tmp_path: Path) -> Sshd:
    """The sshd as it is seen through the proxy; `known_hosts` knows it there."""
    (tmp_path / "known_hosts").write_text(
        f"[127.0.0.1]:{proxy.port} {Path(f'{sshd.host_key}.pub').read_text()}"
    )
    return replace(sshd, port=proxy.port)


@pytest.fixture
def cut_transport(ssh_kind: str, cut_sshd: Sshd, opened: Opened, tmp_path: Path) -> Transport:
    """A transport through the proxy that asks often for a sign of life."""
    made: Transport = opened(
        ssh_kind,
        cut_sshd,
        known_hosts_file=tmp_path / "known_hosts",
        keepalive=1.0,
        connect_timeout=10,
    )
    return made


@pytest.mark.parametrize("how", [How.CLOSE, How.RESET])
def test_a_cut_output_is_no_end(cut_transport: Transport, proxy: CuttingProxy, how: How) -> None:
    channel = cut_transport.open("head -c 3000 /dev/zero; read line")
    received = 0
    while received < 3000:
        received += len(channel.receive(10_000))
    proxy.cut_all(how)
    with pytest.raises(ConnectionLost):
        channel.receive(1)
    with pytest.raises(ConnectionLost):
        channel.wait()
    with pytest.raises(ConnectionLost):
        channel.send(bytes(20_000_000))
    channel.close()


def test_a_cut_input_is_noticed(cut_transport: Transport, proxy: CuttingProxy) -> None:
    channel = cut_transport.open("cat > /dev/null")
    proxy.cut_all()
    with pytest.raises(ConnectionLost):
        channel.send(bytes(50_000_000))
    channel.close()


def test_the_next_open_connects_again(cut_transport: Transport, proxy: CuttingProxy) -> None:
    for number in range(3):
        # Once more where the cut has not been noticed when the command was sent: whether it
        # began is not known then, and so it is for the caller to repeat it.
        persist(cut_transport)
        assert proxy.connections == number + 1
        proxy.cut_all()


@pytest.mark.parametrize("moment", ["idle", "sending", "receiving"])
def test_a_connection_that_is_dead_in_silence_is_given_up(
    cut_transport: Transport, proxy: CuttingProxy, moment: str
) -> None:
    channel = cut_transport.open("cat" if moment != "receiving" else "cat /dev/zero")
    if moment == "receiving":
        assert channel.receive(10)
    proxy.cut_all(How.STALL)
    with pytest.raises(ConnectionLost):
        channel.send(bytes(50_000_000)) if moment == "sending" else read_all(channel)
    channel.close()
    assert run(cut_transport, "echo again") == (b"again\n", 0)


def test_a_slow_connection_is_not_a_dead_one(cut_transport: Transport, proxy: CuttingProxy) -> None:
    proxy.plan(Fate(How.DELAY, seconds=0.2, upwards=False))
    assert run(cut_transport, "echo slow") == (b"slow\n", 0)
    assert proxy.connections == 1


def test_a_cut_during_the_handshake_is_tried_again_at_once(
    cut_transport: Transport, proxy: CuttingProxy
) -> None:
    proxy.plan(Fate(How.RESET, 500), Fate(How.CLOSE, 0, upwards=False))
    assert run(cut_transport, "echo in") == (b"in\n", 0)
    assert proxy.connections == 3


def test_a_cut_during_the_login_is_not_taken_for_a_refusal(
    cut_transport: Transport, proxy: CuttingProxy
) -> None:
    for after in range(1500, 3000, 150):
        proxy.plan(Fate(How.CLOSE, after), Fate(How.CLOSE, after))
        persist(cut_transport)
        proxy.cut_all()


@pytest.mark.parametrize("seed", range(6))
def test_an_exchange_is_whole_or_lost(
    cut_transport: Transport, proxy: CuttingProxy, seed: int
) -> None:
    data = os.urandom(SIZE)
    digest = hashlib.sha256(data).hexdigest()
    proxy.plan(*seeded_plan(seed, cuts=3, lowest=3000, highest=2 * SIZE))
    whole = 0
    for _ in range(20):
        try:
            output, status = echo(cut_transport, data)
        except TransientError:
            continue
        assert status == 3
        assert hashlib.sha256(output).hexdigest() == digest
        whole += 1
        if proxy.cuts == 3:
            break
        proxy.cut_all()
    assert whole
    persist(cut_transport)


def persist(transport: Transport) -> None:
    """Run something, whatever transient trouble there is."""
    for _ in range(10):
        try:
            assert run(transport, "echo in") == (b"in\n", 0)
        except TransientError:
            continue
        return
    raise AssertionError("never got through")


def echo(transport: Transport, data: bytes) -> tuple[bytes, int]:
    """Send and receive at once."""
    channel = transport.open("cat; exit 3")
    failures: list[Exception] = []

    def send() -> None:
        try:
            channel.send(data)
            channel.send_eof()
        except ConnectionLost as error:
            failures.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        return read_all(channel), channel.wait()
    finally:
        channel.close()
        sender.join(20)
        assert not sender.is_alive()
