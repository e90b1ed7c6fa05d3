"""What a machine is charged."""

import threading

import pytest

from sojourn.errors import ConnectionLost
from sojourn.transports.base import Transport
from sojourn.transports.metering import Cost, Meter, MeteredTransport
from tests.support.sshd import Sshd
from tests.transports.conftest import Opened, run


def test_trips_and_bytes_are_counted(transport: Transport, kind: str) -> None:
    meter = Meter()
    metered = MeteredTransport(transport, meter)
    assert run(metered, "cat; echo more", b"x" * 100_000) == (b"x" * 100_000 + b"more\n", 0)
    run(metered, "exit 1")
    meter.add(scheduler_calls=2)
    connections = 0 if kind == "local" else 1
    assert meter.snapshot() == Cost(connections, 2, 2, 100_000, 100_005)
    assert meter.snapshot().as_dict()["trips"] == 2


@pytest.mark.sshd
def test_a_connection_made_again_counts_again(ssh_kind: str, sshd: Sshd, opened: Opened) -> None:
    meter = Meter()
    metered = MeteredTransport(opened(ssh_kind, sshd), meter)
    channel = metered.open("cat")
    sshd.end_sessions()
    with pytest.raises(ConnectionLost):
        channel.receive(1)
    channel.close()
    assert run(metered, "echo in") == (b"in\n", 0)
    assert meter.snapshot().connections == 2


def test_threads_lose_no_count() -> None:
    meter = Meter()

    def add() -> None:
        for _ in range(1000):
            meter.add(trips=1, bytes_sent=3)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.snapshot() == Cost(trips=8000, bytes_sent=24000)
