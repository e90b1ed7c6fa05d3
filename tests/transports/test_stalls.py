"""No wait without a limit: each step towards a program, and each step of a trip, is stalled."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sojourn.errors import ConnectionLost, MachineError, SiteError, Unreachable
from sojourn.site.trip import Place, trip
from sojourn.transports.base import Channel
from sojourn.transports.local import LocalTransport
from tests.support.cutting import CuttingProxy, Fate, How
from tests.support.sshd import Sshd
from tests.transports.conftest import Opened, Start

LIMIT = 2.0
ENOUGH = 40.0
"""Seconds in which every error must have come, on a loaded machine."""


@contextmanager
def soon() -> Iterator[None]:
    """The block must not take long."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < ENOUGH


START_UP = {
    "waits": ("sleep 60", "no answer within 2 s; the login shell printed nothing"),
    "reads a line": ("read -r x", "no answer within 2 s; the login shell printed "),
    "reads everything": ("cat >/dev/null", "no answer within 2 s"),
    "asks": ("echo 'Accept (y/n)?'; read -r a; sleep 60", "printed 'Accept (y/n)?'"),
    "another shell": ("exec sh", "no answer within 2 s"),
    "closes the output": ("exec >/dev/null", "no answer within 2 s"),
    "noise in lines": ("yes | head -c 3000000", "more than 1 MiB from the login shell"),
    "endless noise": ("yes", "more than 1 MiB from the login shell"),
    "endless line": ("cat /dev/zero", "more than 1 MiB from the login shell"),
    "slow noise": ("while :; do echo busy; sleep 0.5; done", r"printed 'busy\nbusy"),
    "endless errors": ("yes oh no >&2", r"oh no\noh no"),
    "ends": ("exit 0", "the login shell ended with status 0, no command ran; it printed nothing"),
    "fails": ("echo quota >&2; exit 3", "ended with status 3, no command ran; it printed 'quota'"),
}


@pytest.mark.sshd
@pytest.mark.parametrize("case", START_UP)
def test_a_start_up_file_that_lets_nothing_through(
    ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path, case: str
) -> None:
    lines, seen = START_UP[case]
    (tmp_path / ".bashrc").write_text(f"{lines}\n")
    transport = opened(ssh_kind, start_sshd(f"SetEnv HOME={tmp_path}"), connect_timeout=LIMIT)
    place = Place("m", str(tmp_path / "root"), patience=LIMIT)
    with soon(), pytest.raises(SiteError) as caught, trip(transport, place, create=True):
        pass
    assert seen in str(caught.value)
    assert "~/.bashrc (bash)" in caught.value.hint


@pytest.mark.sshd
def test_start_up_files_that_only_make_noise(
    ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path
) -> None:
    noise = "echo Welcome; head -c 900000 /dev/zero; stty -echo; tput clear; nonsense"
    (tmp_path / ".bashrc").write_text(noise.replace("; ", "\n"))
    transport = opened(ssh_kind, start_sshd(f"SetEnv HOME={tmp_path}"))
    with trip(transport, Place("m", str(tmp_path / "root")), create=True) as dialogue:
        assert dialogue.run("echo in").stdout == "in\n"


class Hanging:
    """The local transport, whose programs find a command that hangs in front of all others."""

    def __init__(self, directory: Path, command: str) -> None:
        self._inner = LocalTransport(idle_timeout=LIMIT)
        directory.mkdir(exist_ok=True)
        (directory / command).write_text("#!/bin/sh\nexec 3>&-; exec /bin/sleep 60\n")
        (directory / command).chmod(0o755)
        self._path = directory

    def open(self, command: str) -> Channel:
        return self._inner.open(f"PATH={self._path}:$PATH; export PATH; {command}")


@pytest.mark.parametrize(
    ("hangs", "error", "words"),
    [("date", SiteError, "may be hanging"), ("rm", None, ""), ("uname", ConnectionLost, "2 s")],
    ids=["greeting", "end", "command"],
)
def test_a_trip_whose_machine_hangs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hangs: str,
    error: type[Exception] | None,
    words: str,
) -> None:
    monkeypatch.setattr("sojourn.site.trip._END_LIMIT", LIMIT)
    transport = Hanging(tmp_path / "bin", hangs)
    place = Place("m", str(tmp_path / "root"), patience=LIMIT)
    with trip(LocalTransport(), place, create=True):
        pass

    def go() -> None:
        with trip(transport, place) as dialogue:
            dialogue.run("uname")

    with soon():
        if error is None:
            go()
            return
        with pytest.raises(error) as caught:
            go()
    assert words in f"{caught.value} {getattr(caught.value, 'hint', '')}"


def test_a_program_that_does_not_end(kind: str, request: pytest.FixtureRequest) -> None:
    sshd = None if kind == "local" else request.getfixturevalue("sshd")
    transport = request.getfixturevalue("opened")(kind, sshd, idle_timeout=LIMIT)
    channel = transport.open("exec >&- 2>&-; exec sleep 60")
    with soon():
        with pytest.raises(ConnectionLost, match="did not end within 2 s"):
            channel.wait()
        channel.close()


def test_whoever_waits_is_woken_by_close(kind: str, request: pytest.FixtureRequest) -> None:
    sshd = None if kind == "local" else request.getfixturevalue("sshd")
    channel = request.getfixturevalue("opened")(kind, sshd).open("exec sleep 60")
    told: list[Exception] = []

    def wait() -> None:
        try:
            channel.wait()
        except ConnectionLost as error:
            told.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    with soon():
        channel.close()
        waiting.join(ENOUGH)
    assert len(told) == 1


@pytest.fixture
def silent() -> Iterator[Callable[[bytes], int]]:
    """Starts servers that accept, say something and then nothing; gives their ports."""
    kept: list[socket.socket] = []

    def start(greeting: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        kept.append(listener)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    kept.append(client)
                    client.sendall(greeting)

        threading.Thread(target=serve, daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    yield start
    for one in kept:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-Silent\r\n"], ids=["banner", "key exchange"])
def test_a_server_that_falls_silent(
    ssh_kind: str, sshd: Sshd, opened: Opened, silent: Callable[[bytes], int], greeting: bytes
) -> None:
    transport = opened(ssh_kind, sshd, port=silent(greeting), connect_timeout=LIMIT)
    with soon(), pytest.raises(Unreachable):
        transport.open("true")


@pytest.mark.parametrize("after", [1600, 2000, 2400, 2800, 3200])
def test_a_connection_that_stalls_at_any_byte(
    ssh_kind: str, sshd: Sshd, opened: Opened, tmp_path: Path, after: int
) -> None:
    """In the login, the request for a channel or a command, or the program."""
    with CuttingProxy((sshd.host, sshd.port), [Fate(How.STALL, after)] * 20) as proxy:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{proxy.port} {Path(f'{sshd.host_key}.pub').read_text()}")
        transport = opened(
            ssh_kind,
            sshd,
            port=proxy.port,
            known_hosts_file=known,
            connect_timeout=LIMIT,
            keepalive=1.0,
        )
        place = Place("m", str(tmp_path / "root"), patience=LIMIT)
        with soon(), suppress(MachineError), trip(transport, place) as dialogue:
            dialogue.run("true")
        with soon():
            transport.close()


def test_a_resolver_that_hangs(sshd: Sshd, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: ended.wait(ENOUGH))
    with soon(), pytest.raises(Unreachable, match="not resolved within"):
        opened("ssh", sshd, connect_timeout=0.5).open("true")
    ended.set()
