"""Known-hosts files, against ssh-keygen's own reading of them, and refusals that help."""

import base64
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import HostKeyRefused
from sojourn.transports.hostkeys import (
    check_host_key,
    fingerprint,
    keys_for,
    parse_known_hosts,
    read_known_hosts,
)
from tests.support.slurm_packages import program
from tests.support.sshd import Sshd, make_key
from tests.transports.conftest import Opened, Start, run

BLOB = b"\0\0\0\x0bssh-ed25519" + bytes(36)
KEY = f"ssh-ed25519 {base64.b64encode(BLOB).decode()}"
FILE = Path("known_hosts")


def refused(text: str, name: str, blob: bytes = BLOB) -> HostKeyRefused:
    """The refusal of a key."""
    known = parse_known_hosts(text, FILE)
    with pytest.raises(HostKeyRefused) as caught:
        check_host_key(known, name=name, kind="ssh-ed25519", blob=blob, file=FILE)
    return caught.value


@pytest.mark.parametrize(
    ("hosts", "name", "found"),
    [
        ("login.hpc", "login.hpc", True),
        ("login.hpc", "LOGIN.hpc", True),
        ("login.hpc", "xlogin.hpc", False),
        ("a,login.hpc,b", "login.hpc", True),
        ("*.hpc", "login.hpc", True),
        ("*.hpc,!login.hpc", "login.hpc", False),
        ("login?.hpc", "login1.hpc", True),
        ("[login.hpc]:2222", "[login.hpc]:2222", True),
        ("[login.hpc]:2222", "[login.hpc]:2223", False),
        ("[login.hpc]:2222", "login.hpc", False),
        ("login.hpc", "[login.hpc]:2222", True),
        ("other,login.hpc", "[login.hpc]:2222", True),
        ("[login.*]:*", "[login.hpc]:2222", True),
        ("l[o]gin.hpc", "login.hpc", False),
        ("::1", "::1", True),
    ],
)
def test_patterns(hosts: str, name: str, found: bool) -> None:
    known = parse_known_hosts(f"{hosts} {KEY}\n", FILE)
    assert bool(keys_for(known, name)) is found


@pytest.mark.sshd
@given(st.from_regex(r"[a-z][a-z0-9.-]{0,20}", fullmatch=True), st.integers(1, 65535))
def test_hashed_names_are_read_as_ssh_keygen_writes_them(name: str, port: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "known_hosts"
        listed = name if port == 22 else f"[{name}]:{port}"
        file.write_text(f"{listed} {KEY}\n")
        subprocess.run(
            [program("ssh-keygen"), "-H", "-f", str(file)], check=True, capture_output=True
        )
        assert file.read_text().startswith("|1|")
        assert keys_for(read_known_hosts([file]), listed)
        assert not keys_for(read_known_hosts([file]), "x" + listed)


@pytest.mark.sshd
def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    text = Path(f"{key}.pub").read_text()
    printed = subprocess.run(
        [program("ssh-keygen"), "-l", "-f", str(key)], check=True, capture_output=True, text=True
    ).stdout
    assert fingerprint(base64.b64decode(text.split()[1])) in printed


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    assert keys_for(parse_known_hosts(text, FILE), "no such host \n") == []


def test_an_unknown_key_is_refused_with_a_command_that_adds_it(tmp_path: Path) -> None:
    error = refused(f"elsewhere {KEY}\n", "login.hpc")
    assert fingerprint(BLOB) in str(error)
    assert f"echo 'login.hpc {KEY}' >> known_hosts" in error.hint


def test_a_changed_key_is_refused_with_both_fingerprints() -> None:
    error = refused(f"login.hpc {KEY}\n", "login.hpc", BLOB + b"x")
    assert fingerprint(BLOB) in str(error)
    assert fingerprint(BLOB + b"x") in str(error)
    assert "ssh-keygen -R login.hpc -f known_hosts &&" in error.hint


def test_a_revoked_key_is_refused_even_if_it_is_listed() -> None:
    error = refused(f"login.hpc {KEY}\n@revoked login.hpc {KEY}\n", "login.hpc")
    assert "revoked" in str(error)


def test_an_authority_is_left_to_the_ssh_program() -> None:
    error = refused(f"@cert-authority *.hpc {KEY}\n", "login.hpc", BLOB + b"x")
    assert "openssh" in error.hint


def test_a_file_that_is_missing_is_empty(tmp_path: Path) -> None:
    assert read_known_hosts([tmp_path / "none"]) == []


@pytest.mark.sshd
def test_the_command_of_the_refusal_lets_the_next_attempt_pass(
    sshd: Sshd, opened: Opened, tmp_path: Path
) -> None:
    empty = tmp_path / "empty known hosts"
    transport = opened("ssh", sshd, known_hosts_file=empty)
    with pytest.raises(HostKeyRefused, match="is not known") as caught:
        transport.open("true")
    assert "SHA256:" in str(caught.value)
    subprocess.run(caught.value.hint.partition("then: ")[2], shell=True, check=True)
    assert run(transport, "echo in") == (b"in\n", 0)


@pytest.mark.sshd
@pytest.mark.parametrize("before", ["no folder", "no newline"])
def test_the_command_works_whatever_the_file_is_like(
    sshd: Sshd, opened: Opened, tmp_path: Path, before: str
) -> None:
    file = tmp_path / "a folder" / "known_hosts"
    if before == "no newline":
        file.parent.mkdir()
        file.write_text(f"elsewhere {KEY}")
    transport = opened("ssh", sshd, known_hosts_file=file)
    with pytest.raises(HostKeyRefused, match="is not known") as caught:
        transport.open("true")
    subprocess.run(caught.value.hint.partition("then: ")[2], shell=True, check=True)
    assert run(transport, "echo in") == (b"in\n", 0)


@pytest.mark.sshd
@pytest.mark.parametrize("nowhere", ["/dev/null", "none"])
def test_a_file_that_keeps_nothing_is_not_added_to(
    ssh_kind: str, sshd: Sshd, opened: Opened, tmp_path: Path, nowhere: str
) -> None:
    config = tmp_path / "config"
    config.write_text(sshd.config("hpc", UserKnownHostsFile=nowhere))
    transport = opened(
        ssh_kind, sshd, host="hpc", port=None, known_hosts_file=None, ssh_config=config
    )
    with pytest.raises(HostKeyRefused, match="not known") as caught:
        transport.open("true")
    assert ">> /dev/null" not in caught.value.hint
    assert "et known_hosts_file" in caught.value.hint
    assert "UserKnownHostsFile keeps no key" in caught.value.hint


@pytest.mark.sshd
def test_a_command_that_only_ssh_runs_is_named(sshd: Sshd, opened: Opened, tmp_path: Path) -> None:
    config = tmp_path / "config"
    more = {"UserKnownHostsFile": str(tmp_path / "empty"), "KnownHostsCommand": "/bin/false %H"}
    config.write_text(sshd.config("hpc", **more))
    transport = opened("ssh", sshd, host="hpc", port=None, known_hosts_file=None, ssh_config=config)
    with pytest.raises(HostKeyRefused, match="KnownHostsCommand was not run") as caught:
        transport.open("true")
    assert "use transport: openssh" in caught.value.hint


@pytest.mark.sshd
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda file, sshd: file.write_text(Path(f"{sshd.host_key}.pub").read_text()),
            "is revoked",
        ),
        (lambda file, sshd: file.write_bytes(b"SSHKRL\n\0" + bytes(40)), "transport: openssh"),
        (lambda file, sshd: None, "cannot be read"),
        (lambda file, sshd: file.write_text(f"# old\n{KEY} old\n"), ""),
    ],
)
def test_revoked_host_keys(
    sshd: Sshd, opened: Opened, tmp_path: Path, make: Callable[[Path, Sshd], object], words: str
) -> None:
    make(tmp_path / "revoked", sshd)
    config = tmp_path / "config"
    config.write_text(sshd.config("hpc", RevokedHostKeys=str(tmp_path / "revoked")))
    transport = opened("ssh", sshd, host="hpc", port=None, ssh_config=config)
    if not words:
        assert run(transport, "echo in")[0] == b"in\n"
        return
    with pytest.raises(HostKeyRefused) as caught:
        transport.open("true")
    assert words in f"{caught.value} {caught.value.hint}"


@pytest.mark.sshd
def test_a_lax_check_is_said_not_to_count(sshd: Sshd, opened: Opened, tmp_path: Path) -> None:
    config = tmp_path / "config"
    more = {"UserKnownHostsFile": str(tmp_path / "empty"), "StrictHostKeyChecking": "accept-new"}
    config.write_text(sshd.config("hpc", **more))
    transport = opened("ssh", sshd, host="hpc", port=None, known_hosts_file=None, ssh_config=config)
    with pytest.raises(HostKeyRefused, match="StrictHostKeyChecking accept-new does not count"):
        transport.open("true")


def test_another_key_of_the_plain_host_is_no_change() -> None:
    error = refused(f"login.hpc {KEY}\n", "[login.hpc]:2222", BLOB + b"x")
    assert "is not known" in str(error)


@pytest.mark.sshd
def test_a_changed_key_is_refused_by_both(
    ssh_kind: str, sshd: Sshd, opened: Opened, tmp_path: Path
) -> None:
    other = Path(f"{make_key(tmp_path / 'other')}.pub").read_text()
    file = tmp_path / "known_hosts"
    file.write_text(f"{sshd.name} {other}")
    transport = opened(ssh_kind, sshd, known_hosts_file=file)
    before = sshd.connections()
    with pytest.raises(HostKeyRefused, match="changed") as caught:
        transport.open("true")
    assert "SHA256:" in str(caught.value)
    assert "ssh-keygen" in caught.value.hint
    assert sshd.connections() == before


@pytest.mark.sshd
def test_an_unknown_key_is_refused_by_openssh_with_its_fingerprint(
    sshd: Sshd, opened: Opened, tmp_path: Path
) -> None:
    transport = opened("openssh", sshd, known_hosts_file=tmp_path / "empty")
    with pytest.raises(HostKeyRefused, match="not known") as caught:
        transport.open("true")
    printed = subprocess.run(
        [program("ssh-keygen"), "-l", "-f", f"{sshd.host_key}.pub"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert printed.split()[1] in str(caught.value)
    assert "StrictHostKeyChecking=ask" in caught.value.hint


@pytest.mark.sshd
def test_the_kind_of_key_that_is_known_is_asked_for(
    ssh_kind: str, start_sshd: Start, opened: Opened, tmp_path: Path
) -> None:
    rsa = make_key(tmp_path / "rsa_host_key", "rsa")
    sshd = start_sshd(f"HostKey {rsa}")
    # The server has ed25519 too, which every client likes better.
    sshd.known_hosts_file.write_text(f"{sshd.name} {Path(f'{rsa}.pub').read_text()}")
    assert run(opened(ssh_kind, sshd), "echo in") == (b"in\n", 0)
