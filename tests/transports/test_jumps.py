"""Through jump hosts, proxy commands, IPv6, and other login shells."""

import os
import shlex
import shutil
import socket
from contextlib import closing
from pathlib import Path

import pytest

from sojourn.errors import ConnectionLost, HostKeyRefused, NeedsLogin, Unreachable
from tests.support.ports import free_port
from tests.support.sshd import Sshd, make_key
from tests.transports.conftest import Opened, Start, run

pytestmark = pytest.mark.sshd


def has_ipv6() -> bool:
    """Whether ::1 is there."""
    with closing(socket.socket(socket.AF_INET6)) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def through(config: Path) -> dict[str, object]:
    """Keys by which all comes from a file."""
    keys = ("port", "user", "identity_file", "known_hosts_file")
    return {"host": "machine", "ssh_config": config, **dict.fromkeys(keys)}


@pytest.fixture
def jumps(start_sshd: Start, tmp_path: Path) -> tuple[Path, list[Sshd]]:
    """A machine behind two jump hosts, the second reached through the first."""
    sshds = [start_sshd("LogLevel VERBOSE") for _ in range(3)]
    outer, inner, machine = sshds
    file = tmp_path / "config"
    file.write_text(
        outer.config("outer")
        + inner.config("inner", ProxyJump="outer")
        + machine.config("machine", ProxyJump="inner")
    )
    return file, sshds


def test_two_jump_hosts(ssh_kind: str, jumps: tuple[Path, list[Sshd]], opened: Opened) -> None:
    config, sshds = jumps
    transport = opened(ssh_kind, sshds[2], **through(config))
    data = os.urandom(3_000_000)
    assert run(transport, "cat", data) == (data, 0)
    assert run(transport, "exit 7") == (b"", 7)
    assert [sshd.connections() for sshd in sshds] == [1, 1, 1]


def test_jump_hosts_in_one_line(
    ssh_kind: str, jumps: tuple[Path, list[Sshd]], opened: Opened
) -> None:
    config, (outer, inner, machine) = jumps
    config.write_text(
        outer.config("outer")
        + inner.config("inner")
        + machine.config("machine", ProxyJump="outer,inner")
    )
    transport = opened(ssh_kind, machine, **through(config))
    assert run(transport, "echo in") == (b"in\n", 0)
    assert [sshd.connections() for sshd in (outer, inner)] == [1, 1]


def test_the_key_of_a_jump_host_is_checked(
    ssh_kind: str, jumps: tuple[Path, list[Sshd]], opened: Opened
) -> None:
    config, (_, inner, machine) = jumps
    inner.known_hosts_file.write_text("")
    with pytest.raises(HostKeyRefused):
        opened(ssh_kind, machine, **through(config)).open("true")
    assert machine.connections() == 0


def test_a_jump_host_that_wants_a_person(
    ssh_kind: str, jumps: tuple[Path, list[Sshd]], opened: Opened, tmp_path: Path
) -> None:
    config, (outer, _, machine) = jumps
    outer.authorized_keys.write_text(Path(f"{make_key(tmp_path / 'else')}.pub").read_text())
    with pytest.raises(NeedsLogin):
        opened(ssh_kind, machine, **through(config)).open("true")


def test_a_jump_host_that_forwards_nothing(
    ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path
) -> None:
    jump = start_sshd("AllowTcpForwarding no")
    machine = start_sshd()
    config = tmp_path / "config"
    config.write_text(jump.config("jump") + machine.config("machine", ProxyJump="jump"))
    with pytest.raises(Unreachable):
        opened(ssh_kind, machine, connect_timeout=5, **through(config)).open("true")


def test_a_jump_host_that_dies_is_noticed(
    ssh_kind: str, jumps: tuple[Path, list[Sshd]], opened: Opened
) -> None:
    config, (outer, _, machine) = jumps
    transport = opened(ssh_kind, machine, **through(config))
    channel = transport.open("cat")
    outer.end_sessions()
    with pytest.raises(ConnectionLost, match=r"connection ended|under the program"):
        channel.receive(1)
    channel.close()
    assert run(transport, "echo again") == (b"again\n", 0)


def test_a_proxy_command(ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("the ssh program is missing (openssh-client)")
    jump, machine = start_sshd(), start_sshd()
    config, jumps = tmp_path / "config", tmp_path / "jump config"
    jumps.write_text(jump.config("jump"))
    command = f"ssh -q -F {shlex.quote(str(jumps))} -W [%h]:%p jump"
    config.write_text(machine.config("machine", ProxyCommand=command))
    transport = opened(ssh_kind, machine, **through(config))
    assert run(transport, "cat", b"x" * 500_000) == (b"x" * 500_000, 0)
    assert jump.connections() == 1


def test_a_proxy_command_that_fails_is_no_endless_wait(
    ssh_kind: str, sshd: Sshd, opened: Opened, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(sshd.config("machine", ProxyCommand="exit 1"))
    with pytest.raises(Unreachable):
        opened(ssh_kind, sshd, connect_timeout=3, **through(config)).open("true")


def test_what_a_proxy_command_says_is_shown_once(
    sshd: Sshd, opened: Opened, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config"
    command = "sh -c 'echo no such gateway >&2; exit 1'"
    config.write_text(sshd.config("machine", ProxyCommand=command))
    with pytest.raises(Unreachable, match=r"by its ProxyCommand .*'no such gateway'"):
        opened("ssh", sshd, connect_timeout=3, **through(config)).open("true")
    assert "gateway" not in capfd.readouterr().err


def test_ipv6(ssh_kind: str, start_sshd: Start, opened: Opened) -> None:
    if not has_ipv6():
        pytest.skip("this computer has no ::1")
    sshd = start_sshd(host="::1")
    assert run(opened(ssh_kind, sshd), "echo six") == (b"six\n", 0)


def test_a_host_key_alias(ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path) -> None:
    sshd = start_sshd()
    key = Path(f"{sshd.host_key}.pub").read_text()
    sshd.known_hosts_file.write_text(f"the-cluster {key}")
    config = tmp_path / "config"
    config.write_text(sshd.config("machine", HostKeyAlias="the-cluster"))
    assert run(opened(ssh_kind, sshd, **through(config)), "echo in") == (b"in\n", 0)


def test_nobody_listens(ssh_kind: str, sshd: Sshd, opened: Opened) -> None:
    with pytest.raises(Unreachable, match=r"m: .*refused"):
        opened(ssh_kind, sshd, port=free_port(), connect_timeout=3).open("true")


def test_a_name_that_nobody_knows(ssh_kind: str, sshd: Sshd, opened: Opened) -> None:
    transport = opened(ssh_kind, sshd, host="no-such-host.invalid", connect_timeout=3)
    with pytest.raises(Unreachable, match=r"resolve"):
        transport.open("true")


@pytest.mark.parametrize("shell", ["bash", "dash", "csh", "tcsh", "fish", "zsh", "ksh"])
def test_login_shells(ssh_kind: str, start_sshd: Start, opened: Opened, shell: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"the shell {shell} is missing")
    # As sshd does with a user's shell: `SHELL -c COMMAND`.
    sshd = start_sshd(f'ForceCommand exec {path} -c "$SSH_ORIGINAL_COMMAND"')
    transport = opened(ssh_kind, sshd)
    command = "exec sh -c 'cat; echo \"$0 in $((40 + 2))\"; echo kept >&2; exit 5'"
    channel = transport.open(command)
    channel.send(b"given\n")
    channel.send_eof()
    output = b"".join(iter(lambda: channel.receive(1000), b""))
    assert (output, channel.wait()) == (b"given\nsh in 42\n", 5)
    assert channel.stderr_tail() == b"kept\n"
    channel.close()


def test_noise_of_start_up_files_stays_out_of_standard_error_only(
    ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path
) -> None:
    home = tmp_path / "noisy"
    home.mkdir()
    (home / ".bashrc").write_text("echo Welcome; echo 'Quota: 99%' >&2\n")
    sshd = start_sshd(f"SetEnv HOME={home}", f"Banner {home / '.bashrc'}")
    channel = opened(ssh_kind, sshd).open("exec sh -c 'echo said; echo err >&2'")
    output = b"".join(iter(lambda: channel.receive(1000), b""))
    assert channel.wait() == 0
    assert output.endswith(b"said\n")
    assert channel.stderr_tail().endswith(b"err\n")
    assert b"sojourn" not in channel.stderr_tail()
    channel.close()
