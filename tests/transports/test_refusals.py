"""What keeps a login from succeeding is named; a cut or stalled one is a fault of the network."""

import base64
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from sojourn.errors import ConnectionLost, NeedsLogin, Unreachable
from sojourn.transports.wire import Wire
from tests.support.cutting import CuttingProxy, Fate, How
from tests.support.sshd import Sshd, make_key
from tests.transports.conftest import Opened, Start, run

pytestmark = pytest.mark.sshd


def a_directory(file: Path) -> None:
    file.mkdir()


def a_public_half(file: Path) -> None:
    make_key(file.with_suffix(""))


def a_putty_key(file: Path) -> None:
    file.write_text("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 2\n")


def a_security_key(file: Path) -> None:
    # Its public half is in clear; of the rest nothing is read.
    kind = b"sk-ssh-ed25519@openssh.com"
    body = b"openssh-key-v1\0" + bytes(20) + len(kind).to_bytes(4, "big") + kind + bytes(200)
    text = base64.encodebytes(body).decode()
    file.write_text(
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}-----END OPENSSH PRIVATE KEY-----\n"
    )


def something_else(file: Path) -> None:
    file.write_text("hello\n")


def nothing(file: Path) -> None:
    assert not file.exists()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (nothing, "FILE does not exist."),
        (a_directory, "FILE cannot be read: Is a directory."),
        (a_public_half, "FILE is the public half of a key; the private one may be STEM."),
        (a_putty_key, "convert it: puttygen FILE -O private-openssh -o FILE"),
        (a_security_key, "FILE is of a FIDO security key: use transport: openssh"),
        (something_else, "FILE is no private key of a kind that paramiko can read."),
    ],
)
def test_a_key_file_that_is_none_is_named(
    sshd: Sshd, opened: Opened, tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    file = tmp_path / "key.pub"
    make(file)
    with pytest.raises(NeedsLogin) as caught:
        opened("ssh", sshd, identity_file=file).open("true")
    hint = caught.value.hint
    stem = str(file.with_suffix(""))
    assert words.replace("FILE", str(file), 1).replace("STEM", stem) in hint
    assert "no key was found to try" in str(caught.value)
    assert "one-time code" not in hint


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "CertificateFile FILE does not exist"), ("?", "the certificate FILE cannot be used")],
)
def test_a_certificate_that_is_none_is_named(
    sshd: Sshd, opened: Opened, tmp_path: Path, text: str | None, words: str
) -> None:
    key, file = make_key(tmp_path / "key"), tmp_path / "certificate"
    if text is not None:
        file.write_text(text)
    config = tmp_path / "config"
    config.write_text(sshd.config("hpc", CertificateFile=str(file), IdentityFile=""))
    transport = opened("ssh", sshd, host="hpc", port=None, ssh_config=config, identity_file=key)
    with pytest.raises(NeedsLogin) as caught:
        transport.open("true")
    assert words.replace("FILE", str(file)) in caught.value.hint


def test_the_ssh_to_try_works_when_it_is_typed(
    ssh_kind: str, sshd: Sshd, opened: Opened, tmp_path: Path
) -> None:
    """By its alias, with port, user and key; with the right key the same line logs in."""
    key = make_key(tmp_path / "my key")
    config = tmp_path / "config"
    config.write_text(sshd.config("hpc", IdentityFile=f'"{key}"'))
    transport = opened(
        ssh_kind, sshd, host="hpc", port=None, user=None, ssh_config=config, identity_file=key
    )
    with pytest.raises(NeedsLogin) as caught:
        transport.open("true")
    words = shlex.split(caught.value.hint.partition("ry: ")[2])
    for expected in (["-l", sshd.user], ["-p", str(sshd.port)], ["-i", str(key)]):
        at = words.index(expected[0])
        assert words[at : at + 2] == expected
    tried = [words[0], "-o", "BatchMode=yes", *words[1:]]
    assert subprocess.run(tried, capture_output=True, check=False).returncode == 255
    with sshd.authorized_keys.open("a") as file:
        file.write(Path(f"{key}.pub").read_text())
    assert subprocess.run(tried, capture_output=True, check=False).returncode == 0


def test_the_reason_of_ssh_is_kept(sshd: Sshd, opened: Opened, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(NeedsLogin) as caught:
        opened("openssh", sshd, identity_file=missing).open("true")
    assert f"Identity file {missing} not accessible: No such file or directory" in str(caught.value)
    assert "Permission denied (publickey)." in str(caught.value)


def test_a_code_is_spoken_of_where_one_is_asked_for(start_sshd: Start, opened: Opened) -> None:
    sshd = start_sshd(code=True)
    with pytest.raises(NeedsLogin) as caught:
        opened("ssh", sshd).open("true")
    assert "A one-time code needs transport: openssh and `sojourn login`." in caught.value.hint


@pytest.fixture
def far(sshd: Sshd, tmp_path: Path) -> Iterator[tuple[Sshd, CuttingProxy]]:
    """The sshd behind a proxy."""
    with CuttingProxy((sshd.host, sshd.port)) as proxy:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{proxy.port} {Path(f'{sshd.host_key}.pub').read_text()}")
        yield replace(sshd, port=proxy.port), proxy


@pytest.mark.parametrize("how", [How.CLOSE, How.RESET, How.STALL])
@pytest.mark.parametrize("upwards", [True, False])
def test_a_login_that_is_cut_or_stalls_is_tried_again(
    ssh_kind: str,
    far: tuple[Sshd, CuttingProxy],
    opened: Opened,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: How,
    upwards: bool,
) -> None:
    """Whatever the byte: never `needs login`, and the next try succeeds with the same key."""
    monkeypatch.setattr("sojourn.transports.auth._ANSWER_TIMEOUT", 0.5)
    monkeypatch.setattr("sojourn.transports.master._LOGIN_GRACE", 0.5)
    sshd, proxy = far
    step = 150 if how is not How.STALL else 450
    for after in range(1200, 3300, step):
        proxy.plan(Fate(how, after, upwards=upwards))
        transport = opened(
            ssh_kind,
            sshd,
            known_hosts_file=tmp_path / "known_hosts",
            connect_timeout=1 if how is How.STALL else 10,
            keepalive=0.3,
        )
        for _ in range(10):
            try:
                output = run(transport, "echo in")
            except (ConnectionLost, Unreachable):
                continue
            assert output == (b"in\n", 0)
            break
        else:
            raise AssertionError("never got through")
        transport.close()


def test_a_farewell_that_is_about_no_credentials_is_no_refusal(
    sshd: Sshd, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As sshd says when it is overloaded, shuts down, or has waited too long."""

    def told(self: Wire, *_: object) -> list[str]:
        self.goodbye = "Timeout before authentication"
        self.close()
        raise paramiko.AuthenticationException("saw EOF")

    monkeypatch.setattr(Wire, "auth_publickey", told)
    with pytest.raises(Unreachable, match="Timeout before authentication"):
        opened("ssh", sshd, connect_timeout=1).open("true")


def test_an_agent_that_hangs_is_named_and_does_no_harm(
    sshd: Sshd,
    opened: Opened,
    runtime_directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sojourn.transports.keys._LIST_LIMIT", 0.5)
    path = runtime_directory / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(path))
        agent.listen()
        assert run(opened("ssh", sshd), "echo in") == (b"in\n", 0)
        with pytest.raises(NeedsLogin) as caught:
            opened("ssh", sshd, identity_file=make_key(tmp_path / "stranger")).open("true")
    assert f"the ssh-agent at {path} does not answer within 0.5 s." in caught.value.hint
