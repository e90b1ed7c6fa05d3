"""At most so many channels a connection; refused ones wait."""

import threading

import pytest

from sojourn.errors import ConnectionLost, SiteError
from sojourn.transports.slots import ChannelRefused, Slots
from tests.support.waiting import eventually
from tests.transports.conftest import Opened, Start, run


def test_a_refused_channel_is_asked_for_again() -> None:
    slots = Slots("m")
    refusals = [ChannelRefused("no"), ChannelRefused("no")]

    def attempt() -> str:
        if refusals:
            raise refusals.pop()
        return "channel"

    assert slots.open(attempt) == "channel"


def test_a_machine_that_refuses_every_channel_is_an_error() -> None:
    slots = Slots("m", patience=0.1)

    def attempt() -> None:
        raise ChannelRefused("administratively prohibited")

    with pytest.raises(SiteError, match="m: refuses to open a channel: administratively"):
        slots.open(attempt)


def test_a_failure_gives_the_slot_back() -> None:
    slots = Slots("m", limit=1)
    with pytest.raises(ZeroDivisionError):
        slots.open(lambda: 1 // 0)
    assert slots.open(lambda: 1) == 1


def test_whoever_waits_is_told_of_the_end() -> None:
    slots = Slots("m", limit=1)
    slots.open(lambda: None)
    told: list[Exception] = []

    def wait() -> None:
        try:
            slots.open(lambda: None)
        except ConnectionLost as error:
            told.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    slots.end()
    thread.join(10)
    assert len(told) == 1


@pytest.mark.sshd
def test_more_channels_than_the_machine_allows(
    ssh_kind: str, start_sshd: Start, opened: Opened
) -> None:
    sshd = start_sshd("MaxSessions 1")
    transport = opened(ssh_kind, sshd)
    first = transport.open("cat")
    answers: list[tuple[bytes, int]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(run(transport, "echo in"))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: "no more sessions" in sshd.daemon.log.read_text())
    first.send(b"still served")
    assert first.receive(100) == b"still served"
    assert answers == []
    first.close()
    for thread in threads:
        thread.join(30)
    assert answers == [(b"in\n", 0)] * 3
    assert transport.connections == 1


@pytest.mark.sshd
def test_a_machine_without_any_session(ssh_kind: str, start_sshd: Start, opened: Opened) -> None:
    sshd = start_sshd("MaxSessions 0")
    with pytest.raises(SiteError, match="refuses to open a channel"):
        opened(ssh_kind, sshd).open("true")
