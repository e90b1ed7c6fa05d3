"""Logging in by key: files, certificates, agents, passphrases."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn.errors import NeedsLogin
from tests.support.at_terminal import at_terminal
from tests.support.daemons import Daemon
from tests.support.slurm_packages import program
from tests.support.sshd import Sshd, make_key
from tests.transports.conftest import Opened, Start, attempts, program_for, run

pytestmark = pytest.mark.sshd

PASSPHRASE = "open sesame"


def public(key: Path) -> str:
    """The public part of a key."""
    return Path(f"{key}.pub").read_text()


@pytest.fixture
def counting_sshd(start_sshd: Start) -> Sshd:
    """An sshd that logs every connection."""
    return start_sshd("LogLevel VERBOSE")


@pytest.fixture
def agent(runtime_directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An ssh-agent of the test's own; its socket."""
    socket = runtime_directory / "agent"
    command = [program("ssh-agent"), "-D", "-a", str(socket)]
    daemon = Daemon("agent", command, runtime_directory, ready=socket.exists)
    daemon.start()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    yield socket
    daemon.stop()


@pytest.mark.parametrize("kind_of_key", ["ed25519", "ecdsa", "rsa"])
def test_keys_of_every_kind(
    ssh_kind: str, sshd: Sshd, opened: Opened, tmp_path: Path, kind_of_key: str
) -> None:
    key = make_key(tmp_path / "key", kind_of_key)
    with sshd.authorized_keys.open("a") as file:
        file.write(public(key))
    assert run(opened(ssh_kind, sshd, identity_file=key), "echo in") == (b"in\n", 0)


def test_a_key_that_is_refused_needs_a_login_and_is_said_once(
    ssh_kind: str, counting_sshd: Sshd, opened: Opened, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "stranger")
    transport = opened(ssh_kind, counting_sshd, identity_file=key)
    with pytest.raises(NeedsLogin, match="publickey") as caught:
        transport.open("true")
    assert str(caught.value).count("m: ") == 1
    made = attempts(counting_sshd)
    for _ in range(3):
        with pytest.raises(NeedsLogin) as again:
            transport.open("true")
        assert (str(again.value), again.value.machine) == (str(caught.value), "m")
    assert attempts(counting_sshd) == made
    counting_sshd.authorized_keys.write_text(public(key))
    with pytest.raises(NeedsLogin):
        transport.open("true")
    transport.reset()
    assert run(transport, "echo in") == (b"in\n", 0)


def test_an_encrypted_key_without_a_terminal_is_named(
    sshd: Sshd, opened: Opened, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "locked", passphrase=PASSPHRASE)
    with pytest.raises(NeedsLogin) as caught:
        opened("ssh", sshd, identity_file=key).open("true")
    assert f"ssh-add {key}" in caught.value.hint


def test_an_agent_opens_an_encrypted_key(
    ssh_kind: str, sshd: Sshd, opened: Opened, tmp_path: Path, agent: Path
) -> None:
    key = make_key(tmp_path / "held")
    with sshd.authorized_keys.open("a") as file:
        file.write(public(key))
    subprocess.run([program("ssh-add"), "-q", str(key)], check=True)
    subprocess.run(
        [program("ssh-keygen"), "-q", "-p", "-N", PASSPHRASE, "-f", str(key)],
        check=True,
        capture_output=True,
    )
    assert run(opened(ssh_kind, sshd, identity_file=key), "echo in") == (b"in\n", 0)


def test_only_the_named_key_of_a_full_agent_is_offered(
    ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path, agent: Path
) -> None:
    sshd = start_sshd("MaxAuthTries 2")
    for number in range(5):
        key = make_key(tmp_path / f"other-{number}")
        subprocess.run([program("ssh-add"), "-q", str(key)], check=True)
    config = tmp_path / "config"
    config.write_text(sshd.config("hpc"))
    transport = opened(ssh_kind, sshd, host="hpc", port=None, ssh_config=config)
    assert run(transport, "echo in") == (b"in\n", 0)


def test_too_many_keys_are_no_broken_connection(
    ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path, agent: Path
) -> None:
    sshd = start_sshd("MaxAuthTries 2")
    for number in range(5):
        key = make_key(tmp_path / f"other-{number}")
        subprocess.run([program("ssh-add"), "-q", str(key)], check=True)
    key = make_key(tmp_path / "stranger")
    with pytest.raises(NeedsLogin, match=r"Too many|publickey"):
        opened(ssh_kind, sshd, identity_file=key).open("true")


def test_a_certificate_logs_in(
    ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path
) -> None:
    authority = make_key(tmp_path / "authority")
    sshd = start_sshd(f"TrustedUserCAKeys {authority}.pub")
    key = make_key(tmp_path / "certified")
    sign = ["-q", "-s", str(authority), "-I", "test", "-n", sshd.user, f"{key}.pub"]
    subprocess.run([program("ssh-keygen"), *sign], check=True)
    transport = opened(ssh_kind, sshd, identity_file=key)
    assert run(transport, "echo in") == (b"in\n", 0)
    # Elsewhere than beside its key, it must be named.
    moved = tmp_path / "elsewhere-cert.pub"
    (tmp_path / "certified-cert.pub").rename(moved)
    config = tmp_path / "config"
    more = {"IdentityFile": str(key), "CertificateFile": str(moved)}
    config.write_text(sshd.config("hpc", **more))
    keys = {"host": "hpc", "port": None, "identity_file": None}
    transport = opened(ssh_kind, sshd, ssh_config=config, **keys)
    assert run(transport, "echo in") == (b"in\n", 0)


def test_a_passphrase_is_asked_for_at_the_terminal_once(sshd: Sshd, tmp_path: Path) -> None:
    key = make_key(tmp_path / "locked", passphrase=PASSPHRASE)
    with sshd.authorized_keys.open("a") as file:
        file.write(public(key))
    body = "run('echo one'); transport._connection.close(); run('echo two')"
    with at_terminal(program_for("ssh", sshd, body, identity_file=str(key))) as person:
        person.expect(f"Passphrase for the key {key}: ")
        person.type("wrong")
        person.expect("Passphrase")
        person.type(PASSPHRASE)
        person.expect("output: one status: 0")
        person.expect("output: two status: 0")
        assert person.wait() == 0
    assert PASSPHRASE not in person.seen
