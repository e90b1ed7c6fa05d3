"""Logging in: keys, certificates, agents, one-time codes, and who is asked."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn.errors import MachineError, NeedsLogin
from tests.support.at_terminal import at_terminal
from tests.support.daemons import Daemon
from tests.support.slurm_packages import program
from tests.support.sshd import Sshd, make_key
from tests.transports.conftest import Opened, Start, run

pytestmark = pytest.mark.sshd

PASSPHRASE = "open sesame"


def public(key: Path) -> str:
    """The public part of a key."""
    return Path(f"{key}.pub").read_text()


def attempts(sshd: Sshd) -> int:
    """How many connections the sshd has seen."""
    return sshd.daemon.log.read_text().count("Connection from ")


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


# --- one-time codes ---------------------------------------------------------------------------


@pytest.fixture
def code_sshd(start_sshd: Start) -> Sshd:
    """An sshd that wants a key and a one-time code."""
    return start_sshd("LogLevel VERBOSE", code=True)


@pytest.mark.root
def test_a_code_without_a_terminal_needs_a_login(
    ssh_kind: str, code_sshd: Sshd, opened: Opened
) -> None:
    transport = opened(ssh_kind, code_sshd)
    with pytest.raises(NeedsLogin, match="keyboard-interactive") as caught:
        transport.open("true")
    assert "sojourn login" in caught.value.hint
    made = attempts(code_sshd)
    with pytest.raises(MachineError):
        transport.open("true")
    assert attempts(code_sshd) == made


@pytest.mark.root
def test_ssh_asks_for_a_code_at_the_terminal_once(code_sshd: Sshd) -> None:
    code_sshd.codes.write_text("314159\n")
    body = "run('echo one'); run('echo two')"
    with at_terminal(program_for("ssh", code_sshd, body)) as person:
        person.expect("Password: ")
        person.type("314159")
        person.expect("output: one status: 0")
        person.expect("output: two status: 0")
        assert person.wait() == 0
    assert "314159" not in person.seen
    assert code_sshd.connections() == 1


@pytest.mark.root
def test_a_password_is_asked_for_once_a_process(start_sshd: Start) -> None:
    sshd = start_sshd("AuthenticationMethods password", "PasswordAuthentication yes", code=True)
    renew = f"open({str(sshd.codes)!r}, 'w').write('tr0ub4dor\\n')"
    body = f"{renew}; run('echo one'); transport._connection.close(); {renew}; run('echo two')"
    with at_terminal(program_for("ssh", sshd, body)) as person:
        person.expect(f"{sshd.user}@{sshd.host} port {sshd.port}'s password: ")
        person.type("wrong")
        person.expect("password: ")
        person.type("tr0ub4dor")
        person.expect("output: one status: 0")
        person.expect("output: two status: 0")
        assert person.wait() == 0
    assert "tr0ub4dor" not in person.seen


@pytest.mark.root
def test_a_wrong_code_is_asked_for_again_and_then_given_up(code_sshd: Sshd) -> None:
    body = "run('echo never')"
    with at_terminal(program_for("ssh", code_sshd, body)) as person:
        for _ in range(3):
            person.expect("Password: ")
            person.type("000000")
        person.expect("NeedsLogin")
        assert person.wait() == 1


@pytest.mark.root
def test_a_person_who_gives_up_gets_the_terminal_back(code_sshd: Sshd) -> None:
    body = """
    try:
        run('echo never')
    except KeyboardInterrupt:
        import termios
        print("echo is", bool(termios.tcgetattr(0)[3] & termios.ECHO))
    """.strip()
    with at_terminal(program_for("ssh", code_sshd, body)) as person:
        person.expect("Password: ")
        person.interrupt()
        person.expect("echo is True")
        assert person.wait() == 0


@pytest.mark.root
def test_login_is_asked_for_once_and_kept_for_other_processes(
    code_sshd: Sshd, opened: Opened
) -> None:
    transport = opened("openssh", code_sshd)
    with pytest.raises(NeedsLogin):
        transport.open("true")
    code_sshd.codes.write_text("271828\n")
    with at_terminal(program_for("openssh", code_sshd, "transport.login()")) as person:
        person.expect("Password: ")
        person.type("271828")
        assert person.wait() == 0
    # What waited goes on: in the process that was refused, and in a new one.
    assert transport.is_open()
    assert run(transport, "echo in") == (b"in\n", 0)
    other = opened("openssh", code_sshd)
    assert run(other, "echo in") == (b"in\n", 0)
    other.login()
    transport.close()
    assert run(other, "echo still") == (b"still\n", 0)
    assert code_sshd.connections() == 1
    assert (transport.connections, other.connections) == (0, 0)
    assert other.logout()
    assert not other.is_open()
    assert not other.logout()
    with pytest.raises(MachineError):
        other.open("true")
    with pytest.raises(NeedsLogin):
        other.open("true")


@pytest.mark.root
def test_login_without_a_terminal_says_so(code_sshd: Sshd, opened: Opened) -> None:
    transport = opened("openssh", code_sshd)
    with pytest.raises(NeedsLogin) as caught:
        transport.login(terminal=False)
    assert "at a terminal" in caught.value.hint
    assert not transport.is_open()


@pytest.mark.root
def test_the_master_of_the_users_own_config_is_used(
    code_sshd: Sshd, opened: Opened, tmp_path: Path, runtime_directory: Path
) -> None:
    config = tmp_path / "config"
    path = runtime_directory / "own-%C"
    config.write_text(code_sshd.config("hpc", ControlPath=str(path)))
    code_sshd.codes.write_text("161803\n")
    start = f"""
import subprocess
subprocess.run(["ssh", "-F", {str(config)!r}, "-o", "ControlMaster=yes", "-f", "-N", "hpc"])
"""
    with at_terminal(start) as person:
        person.expect("Password: ")
        person.type("161803")
        assert person.wait() == 0
    keys = {"host": "hpc", "port": None, "identity_file": None, "user": None}
    transport = opened("openssh", code_sshd, ssh_config=config, **keys)
    assert run(transport, "echo in") == (b"in\n", 0)
    transport.close()
    check = ["ssh", "-F", str(config), "-O", "check", "hpc"]
    assert subprocess.run(check, capture_output=True, check=False).returncode == 0
    assert transport.connections == 0
    leave = ["ssh", "-F", str(config), "-O", "exit", "hpc"]
    subprocess.run(leave, capture_output=True, check=True)
