"""What the transports' tests share: an sshd, a private runtime directory, the transports."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from sojourn.transports.base import Channel, Transport
from sojourn.transports.config import SshConfig
from sojourn.transports.local import LocalTransport
from sojourn.transports.openssh import OpensshTransport
from sojourn.transports.ssh import SshTransport
from tests.support.slurm_packages import program
from tests.support.sshd import Sshd, running

KINDS = ("local", "ssh", "openssh")


class Start(Protocol):
    """Starts an sshd with these lines in its configuration; it ends with the test."""

    def __call__(self, *options: str, host: str = "127.0.0.1", code: bool = False) -> Sshd: ...


class Opened(Protocol):
    """Makes a transport of a kind that is closed with the test."""

    def __call__(self, kind: str, sshd: Sshd | None = None, **more: Any) -> Any: ...


@pytest.fixture(autouse=True)
def runtime_directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for sockets, as short as a socket's path must be."""
    directory = tempfile.mkdtemp(prefix="sj", dir="/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
    yield Path(directory)
    shutil.rmtree(directory)


def quiet_home(directory: Path) -> str:
    """A line for sshd_config: sessions have an empty home, whatever the user's own does."""
    home = directory / "login-home"
    home.mkdir(exist_ok=True)
    return f"SetEnv HOME={home}"


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An sshd that nothing is wrong with."""
    try:
        program("sshd")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    directory = tmp_path_factory.mktemp("sshd")
    with running(directory, quiet_home(directory), "MaxSessions 100") as sshd:
        yield sshd


@pytest.fixture
def start_sshd(tmp_path: Path) -> Iterator[Start]:
    """Starts sshds of the test's own."""
    with ExitStack() as stack:

        def start(*options: str, host: str = "127.0.0.1", code: bool = False) -> Sshd:
            number = len(list(tmp_path.glob("sshd-*")))
            directory = tmp_path / f"sshd-{number}"
            directory.mkdir()
            if not any(option.startswith("SetEnv") for option in options):
                options = (*options, quiet_home(directory))
            return stack.enter_context(running(directory, *options, host=host, code=code))

        yield start


def settings_for(sshd: Sshd, **more: Any) -> SshConfig:
    """The keys of machines.yaml that lead to it, with no file of the user's read."""
    keys: dict[str, Any] = {
        "host": sshd.host,
        "port": sshd.port,
        "user": sshd.user,
        "identity_file": sshd.identity_file,
        "known_hosts_file": sshd.known_hosts_file,
        "ssh_config": Path(os.devnull),
    }
    return SshConfig(**(keys | more))


def make(kind: str, settings: SshConfig | None, **more: Any) -> Transport:
    """A transport of a kind, which asks nobody anything."""
    if settings is None or kind == "local":
        return LocalTransport(machine="m", **more)
    if kind == "ssh":
        return SshTransport(settings, machine="m", **{"interactive": False, **more})
    return OpensshTransport(settings, machine="m", **more)


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Makes transports; settings and the constructor's own arguments go by their names."""
    with ExitStack() as stack:

        def make_one(kind: str, sshd: Sshd | None = None, **more: Any) -> Transport:
            keys = {name: more.pop(name) for name in list(more) if name in SshConfig.model_fields}
            settings = settings_for(sshd, **keys) if sshd is not None else None
            transport = make(kind, settings, **more)
            stack.callback(transport.close)
            return transport

        yield make_one


@pytest.fixture(
    params=[pytest.param(k, marks=pytest.mark.sshd) if k != "local" else k for k in KINDS]
)
def kind(request: pytest.FixtureRequest) -> str:
    """Each of the three transports."""
    name: str = request.param
    return name


@pytest.fixture(params=[pytest.param(k, marks=pytest.mark.sshd) for k in KINDS[1:]])
def ssh_kind(request: pytest.FixtureRequest) -> str:
    """Each of the two SSH transports."""
    name: str = request.param
    return name


@pytest.fixture
def transport(kind: str, opened: Opened, request: pytest.FixtureRequest) -> Transport:
    """A transport of each kind, over the sshd that nothing is wrong with."""
    made: Transport = opened(kind, None if kind == "local" else request.getfixturevalue("sshd"))
    return made


def read_all(channel: Channel, size: int = 65536) -> bytes:
    """Standard output to its end."""
    pieces = iter(lambda: channel.receive(size), b"")
    return b"".join(pieces)


def run(transport: Transport, command: str, given: bytes = b"") -> tuple[bytes, int]:
    """Output and exit status of a command."""
    channel = transport.open(command)
    try:
        if given:
            channel.send(given)
        channel.send_eof()
        return read_all(channel), channel.wait()
    finally:
        channel.close()


def attempts(sshd: Sshd) -> int:
    """How many connections the sshd has seen."""
    return sshd.daemon.log.read_text().count("Connection from ")


def program_for(kind: str, sshd: Sshd, body: str, **more: object) -> str:
    """Python source that makes `transport` and goes on with `body`."""
    keys = {
        "host": sshd.host,
        "port": sshd.port,
        "user": sshd.user,
        "identity_file": str(sshd.identity_file),
        "known_hosts_file": str(sshd.known_hosts_file),
        "ssh_config": os.devnull,
        **more,
    }
    return f"""
from sojourn.transports.config import SshConfig
from sojourn.transports.opening import open_transport
transport = open_transport({kind!r}, SshConfig(**{keys!r}), "m")
def run(command):
    channel = transport.open(command)
    channel.send_eof()
    print("output:", channel.receive(100).decode().strip(), "status:", channel.wait())
    channel.close()
try:
    {body}
finally:
    transport.close()
"""
