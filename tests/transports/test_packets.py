"""Packets that are written together: in order, whoever else writes, and none stays behind."""

import hashlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sojourn.errors import ConnectionLost
from sojourn.transports.base import Channel, Transport
from sojourn.transports.packets import Packets
from tests.support.sshd import Sshd
from tests.transports.conftest import Opened, read_all

pytestmark = pytest.mark.sshd

_MANY = 3_000_000


@pytest.fixture
def transport(sshd: Sshd, opened: Opened) -> Transport:
    """paramiko's."""
    made: Transport = opened("ssh", sshd)
    return made


def test_many_senders_while_keys_are_exchanged(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Packets, "REKEY_BYTES", 200_000)
    exchanges = []
    trigger = Packets._trigger_rekey  # type: ignore[attr-defined]

    def triggered(packets: Packets) -> None:
        exchanges.append(packets)
        trigger(packets)

    monkeypatch.setattr(Packets, "_trigger_rekey", triggered)

    def upload(seed: int) -> tuple[Channel, str]:
        source = random.Random(seed)
        # No program ends meanwhile: paramiko answers that itself, and then waits for itself.
        channel = transport.open(f"head -c {_MANY} | sha256sum; cat")
        digest, left = hashlib.sha256(), _MANY
        while left:
            piece = source.randbytes(min(left, source.choice([1, 100, 30_000, 700_000])))
            digest.update(piece)
            channel.send(piece)
            left -= len(piece)
        return channel, digest.hexdigest()

    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(upload, range(4)))
    for channel, digest in sent:
        assert channel.receive(64).decode() == digest
    monkeypatch.undo()
    for channel, _ in sent:
        channel.close()
    assert len(exchanges) > 3


def test_what_is_sent_arrives_without_an_end(transport: Transport) -> None:
    channel = transport.open("cat")
    for size in (1, 5, 40_000, 33_000 * 3, 1):
        channel.send(bytes(size))
        come = 0
        while come < size:
            come += len(channel.receive(1 << 20))
    channel.close()


def test_more_than_the_machine_takes_at_once(transport: Transport) -> None:
    """It takes no more before it has read: what was kept must have gone out by then."""
    channel = transport.open("read go; head -c 9000000 | sha256sum")
    data = random.Random(5).randbytes(9_000_000)
    sender = threading.Thread(target=channel.send, args=[b"go\n" + data])
    sender.start()
    assert read_all(channel).split()[0].decode() == hashlib.sha256(data).hexdigest()
    sender.join()
    channel.close()


def test_an_error_leaves_nothing_behind(transport: Transport) -> None:
    """One that no longer reads its input must not keep from others what was written before."""
    ended = transport.open("read line")
    with pytest.raises(ConnectionLost):
        ended.send(bytes(100) + b"\n" + bytes(50_000_000))
    channel = transport.open("cat")
    channel.send(b"whole")
    channel.send_eof()
    assert read_all(channel) == b"whole"
    channel.close()
    ended.close()
