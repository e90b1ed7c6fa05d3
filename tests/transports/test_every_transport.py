"""What holds for every transport: one suite, run over all three."""

import hashlib
import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from sojourn.errors import ConnectionLost
from sojourn.transports.base import Channel, Transport
from tests.support.processes import start_time
from tests.support.sshd import Sshd
from tests.support.waiting import eventually
from tests.transports.conftest import Opened, read_all, run

MEGABYTE = 1024 * 1024


def test_bytes_stream_both_ways_at_once_unchanged(transport: Transport) -> None:
    block = random.Random(7).randbytes(MEGABYTE)
    total = 48
    channel = transport.open("cat")
    sent = hashlib.sha256()
    received = hashlib.sha256()

    def send() -> None:
        for number in range(total):
            piece = block[number:] + bytes([number])
            sent.update(piece)
            channel.send(piece)
        channel.send_eof()

    sender = threading.Thread(target=send)
    sender.start()
    sizes = (1, 100, 65536, 3 * MEGABYTE)
    for number in count():
        data = channel.receive(sizes[number % len(sizes)])
        assert len(data) <= sizes[number % len(sizes)]
        if not data:
            break
        received.update(data)
    sender.join()
    assert received.hexdigest() == sent.hexdigest()
    assert channel.receive(10) == b""
    assert channel.wait() == 0
    channel.close()


@pytest.mark.parametrize("status", [0, 1, 3, 127, 200, 255])
def test_exit_status_comes_back(transport: Transport, status: int) -> None:
    assert run(transport, f"echo said; exit {status}") == (b"said\n", status)


@pytest.mark.parametrize("name", ["TERM", "KILL"])
def test_a_program_that_a_signal_ended(transport: Transport, kind: str, name: str) -> None:
    expected = {"TERM": -15, "KILL": -9}[name]
    if kind == "openssh":
        expected = -9  # ssh does not tell which
    assert run(transport, f"exec sh -c 'echo x; kill -{name} $$'") == (b"x\n", expected)


def test_standard_error_is_kept_apart_and_does_not_block(transport: Transport) -> None:
    channel = transport.open(
        "head -c 4000000 /dev/zero >&2; echo out; printf '%65536s' tail >&2; exit 5"
    )
    assert read_all(channel) == b"out\n"
    assert channel.wait() == 5
    assert channel.stderr_tail() == b"tail".rjust(65536)
    channel.close()


def test_short_standard_error_is_exactly_what_was_written(transport: Transport) -> None:
    channel = transport.open("echo one >&2; echo two >&2")
    assert channel.wait() == 0
    assert channel.stderr_tail() == b"one\ntwo\n"
    channel.close()


def test_output_is_there_as_soon_as_it_is_written(transport: Transport) -> None:
    channel = transport.open("echo ready; read answer; echo got $answer; cat")
    assert channel.receive(1000) == b"ready\n"
    channel.send(b"yes\n")
    assert channel.receive(1000) == b"got yes\n"
    channel.send_eof()
    assert channel.receive(1000) == b""
    assert channel.wait() == 0
    channel.close()


def test_a_program_may_close_its_output_and_go_on(transport: Transport) -> None:
    # Both of them: SSH has one end of output for the two.
    channel = transport.open("exec sh -c 'echo early; exec >&- 2>&-; read line; exit 4'")
    assert read_all(channel) == b"early\n"
    channel.send(b"now\n")
    assert channel.wait() == 4
    channel.close()


def test_a_program_that_does_not_read_is_no_endless_wait(transport: Transport) -> None:
    channel = transport.open("exec true")
    with pytest.raises(ConnectionLost):
        channel.send(bytes(64 * MEGABYTE))
    channel.close()


def test_many_threads_share_a_transport(transport: Transport) -> None:
    def one(number: int) -> bool:
        given = f"{number}\n".encode() * 1000
        return run(transport, f"cat; exit {number}", given) == (given, number)

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(one, range(36)))


@pytest.mark.sshd
def test_one_connection_serves_all_channels(ssh_kind: str, sshd: Sshd, opened: Opened) -> None:
    transport = opened(ssh_kind, sshd)
    before = sshd.connections()
    for _ in range(5):
        assert run(transport, "exit 0") == (b"", 0)
    assert transport.connections == 1
    assert sshd.connections() == before + 1


@pytest.mark.sshd
def test_a_fifth_channel_waits_for_one_of_four(ssh_kind: str, sshd: Sshd, opened: Opened) -> None:
    transport = opened(ssh_kind, sshd)
    channels = [transport.open("cat") for _ in range(4)]
    fifth: list[Channel] = []
    waiting = threading.Thread(target=lambda: fifth.append(transport.open("cat")))
    waiting.start()
    # All four still serve while the fifth waits.
    for number, channel in enumerate(channels):
        channel.send(b"%d" % number)
        assert channel.receive(10) == b"%d" % number
    assert not fifth
    channels.pop().close()
    waiting.join(20)
    assert len(fifth) == 1
    for channel in [*channels, *fifth]:
        channel.close()


def test_close_ends_the_program(transport: Transport) -> None:
    channel = transport.open("exec sh -c 'echo $$; exec sleep 1000'")
    pid = int(channel.receive(100))
    assert alive(pid)
    channel.close()
    channel.close()
    eventually(lambda: not alive(pid))


def test_close_ends_a_program_that_has_just_begun(transport: Transport, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    transport.open(f"exec sh -c 'echo $$ > {file}; exec sleep 1000'").close()
    # It either never got so far, or was ended.
    assert not file.exists() or eventually(lambda: not alive(int(file.read_text() or "0")))


def test_close_wakes_whoever_receives_or_waits(transport: Transport) -> None:
    channel = transport.open("exec sh -c 'echo on; exec sleep 1000'")
    assert channel.receive(10) == b"on\n"
    failures: list[Exception] = []

    def expect_loss(number: int) -> None:
        try:
            if number:
                channel.wait()
            else:
                channel.receive(10)
        except ConnectionLost as error:
            failures.append(error)

    threads = [threading.Thread(target=expect_loss, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    channel.close()
    for thread in threads:
        thread.join(20)
    assert len(failures) == 2
    assert all("closed here" in str(error) for error in failures)
    with pytest.raises(ConnectionLost):
        channel.send(b"x")


def test_close_of_the_transport_ends_everything(transport: Transport) -> None:
    channel = transport.open("exec sh -c 'echo $$; exec sleep 1000'")
    pid = int(channel.receive(100))
    transport.close()
    transport.close()
    eventually(lambda: not alive(pid))
    with pytest.raises(ConnectionLost):
        channel.receive(1)
    with pytest.raises(ConnectionLost):
        transport.open("true")


def test_a_silent_program_is_given_up_after_the_idle_timeout(
    kind: str, opened: Opened, request: pytest.FixtureRequest
) -> None:
    sshd = None if kind == "local" else request.getfixturevalue("sshd")
    transport = opened(kind, sshd, idle_timeout=0.3)
    channel = transport.open("exec sh -c 'echo on; exec sleep 1000'")
    assert channel.receive(10) == b"on\n"
    with pytest.raises(ConnectionLost, match=r"0\.3 s"):
        channel.receive(10)
    channel.close()


def test_nothing_stays_open_here(transport: Transport) -> None:
    run(transport, "true")

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(5):
        run(transport, "echo; echo >&2; cat", b"x" * 1000)
    assert descriptors() <= before


def test_errors_name_the_machine(transport: Transport) -> None:
    transport.close()
    with pytest.raises(ConnectionLost, match=re.escape("m: ")):
        transport.open("true")


def alive(pid: int) -> bool:
    """Whether a process of that id runs; the machine is this computer."""
    return start_time(pid) is not None
