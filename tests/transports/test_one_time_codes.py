"""Machines that ask a person: one-time codes, passwords, and connections that are kept."""

import subprocess
from pathlib import Path

import pytest

from sojourn.errors import MachineError, NeedsLogin
from tests.support.at_terminal import at_terminal
from tests.support.sshd import Sshd
from tests.transports.conftest import Opened, Start, attempts, program_for, run

pytestmark = [pytest.mark.sshd, pytest.mark.root]


@pytest.fixture
def code_sshd(start_sshd: Start) -> Sshd:
    """An sshd that wants a key and a one-time code."""
    return start_sshd("LogLevel VERBOSE", code=True)


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


def test_a_wrong_code_is_asked_for_again_and_then_given_up(code_sshd: Sshd) -> None:
    body = "run('echo never')"
    with at_terminal(program_for("ssh", code_sshd, body)) as person:
        for _ in range(3):
            person.expect("Password: ")
            person.type("000000")
        person.expect("NeedsLogin")
        assert person.wait() == 1


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


def test_login_without_a_terminal_says_so(code_sshd: Sshd, opened: Opened) -> None:
    transport = opened("openssh", code_sshd)
    with pytest.raises(NeedsLogin) as caught:
        transport.login(terminal=False)
    assert "at a terminal" in caught.value.hint
    assert not transport.is_open()


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
