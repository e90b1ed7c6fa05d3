"""Transports on which things go wrong: as planned, and not otherwise."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn.errors import ConnectionLost, Unreachable
from sojourn.testing.transports import (
    CutTransport,
    GarbledTransport,
    NoisyTransport,
    SlowTransport,
    Unreached,
)
from sojourn.transports.base import Channel
from sojourn.transports.local import LocalTransport


@pytest.fixture
def local() -> Iterator[LocalTransport]:
    transport = LocalTransport()
    yield transport
    transport.close()


def everything(channel: Channel) -> bytes:
    data = b""
    while piece := channel.receive(65536):
        data += piece
    return data


def test_a_cut_lets_so_many_bytes_pass_and_the_program_go_on(
    local: LocalTransport, tmp_path: Path
) -> None:
    transport = CutTransport(local, [5])
    channel = transport.open(f"cat > {tmp_path}/got; echo end > {tmp_path}/end")
    channel.send(b"abc")
    with pytest.raises(ConnectionLost):
        channel.send(b"defg")
    with pytest.raises(ConnectionLost):
        channel.receive(10)
    with pytest.raises(ConnectionLost):
        channel.wait()
    transport.settle()
    assert (tmp_path / "got").read_bytes() == b"abcde"
    assert (tmp_path / "end").exists()
    again = transport.open("echo whole")
    assert everything(again) == b"whole\n"


def test_the_same_seed_makes_the_same_cuts(local: LocalTransport) -> None:
    def sizes(seed: int) -> list[int]:
        transport = CutTransport.seeded(local, seed, cuts=3, within=1000)
        found = []
        for _ in range(3):
            channel = transport.open("cat >/dev/null")
            sent = 0
            try:
                while True:
                    channel.send(b"x")
                    sent += 1
            except ConnectionLost:
                found.append(sent)
        transport.settle()
        return found

    assert sizes(1) == sizes(1) != sizes(2)


def test_noise_stands_before_and_after(local: LocalTransport) -> None:
    channel = NoisyTransport(local, b"hello\n", b"bye\n").open("echo said")
    assert everything(channel) == b"hello\nsaid\nbye\n"


def test_garbage_begins_where_it_should_and_ends(local: LocalTransport) -> None:
    text = b"".join(b"%04d\n" % n for n in range(100))
    command = "n=0; while [ $n -lt 100 ]; do printf '%04d\\n' $n; n=$((n + 1)); done"
    one, same = (everything(GarbledTransport(local, 100, 7).open(command)) for _ in range(2))
    assert one[:100] == text[:100]
    assert one[100:200] != text[100:200]
    assert one[:200] == same[:200]


def test_slowness_loses_nothing(local: LocalTransport) -> None:
    channel = SlowTransport(local, piece=3, seconds=0.001, pauses=5).open("echo 0123456789")
    pieces = iter(lambda: channel.receive(1000), b"")
    assert list(pieces) == [b"012", b"345", b"678", b"9\n"]


def test_an_unreached_machine_opens_nothing(local: LocalTransport) -> None:
    with pytest.raises(Unreachable):
        Unreached(local).open("true")


def test_a_dying_client_dies_by_itself(tmp_path: Path) -> None:
    program = (
        "from sojourn.testing.transports import DyingTransport\n"
        "from sojourn.transports.local import LocalTransport\n"
        f"channel = DyingTransport(LocalTransport(), 4).open('cat > {tmp_path}/got')\n"
        "channel.send(b'abcdef')\n"
    )
    done = subprocess.run([sys.executable, "-c", program])
    assert done.returncode == -9
