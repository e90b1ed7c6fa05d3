"""Where an alias leads: through ssh itself, and through paramiko where ssh is missing."""

import getpass
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import ConfigError
from sojourn.transports.config import SshConfig
from sojourn.transports.ssh_config import Host, expand, route

CONFIG = """\
Include {directory}/more
Host hpc
  HostName login.hpc.example
  Port 2222
  User me
  IdentityFile {directory}/id_%h_%r
  IdentitiesOnly yes
  CertificateFile {directory}/id-cert.pub
  UserKnownHostsFile {directory}/known {directory}/known2
  GlobalKnownHostsFile none
  HostKeyAlias the-hpc
Host inner
  ProxyJump gate,you@[::1]:23
Host gate
  HostName gate.example
  ProxyJump outer
Host outer
  HostName outer.example
Host circle
  ProxyJump circle2
Host circle2
  ProxyJump circle
Host proxied
  HostName far.example
  ProxyCommand nc -X 5 %h %p # %n %r %%
Host agented
  IdentityAgent {directory}/agent.sock
Host broken
  Port nonsense
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An ssh_config file; `included` is in a file that it includes."""
    (tmp_path / "more").write_text("Host included\n  HostName deep.example\n")
    file = tmp_path / "config"
    file.write_text(CONFIG.format(directory=tmp_path))
    return file


@pytest.fixture(params=["ssh", "paramiko"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Who reads the file: the ssh program, or paramiko in its absence."""
    name: str = request.param
    if name == "ssh" and shutil.which("ssh") is None:
        pytest.skip("the ssh program is missing (openssh-client)")
    if name == "paramiko":
        monkeypatch.setattr(shutil, "which", lambda program: None)
        file = request.getfixturevalue("config")
        file.write_text(file.read_text().partition("\n")[2])  # without Include
    return name


def without_broken(config: Path) -> Path:
    """The same without the block that makes ssh refuse the whole file."""
    config.write_text(config.read_text().partition("Host broken")[0])
    return config


def lead(config: Path, host: str, **more: object) -> tuple[Host, ...]:
    """The route to an alias."""
    return route(SshConfig.model_validate({"host": host, "ssh_config": config, **more}))


def test_every_setting_of_an_alias(config: Path, reader: str, tmp_path: Path) -> None:
    (host,) = lead(without_broken(config), "hpc")
    assert (host.hostname, host.port, host.user) == ("login.hpc.example", 2222, "me")
    assert host.identity_files == (tmp_path / "id_login.hpc.example_me",)
    assert host.certificate_files == (tmp_path / "id-cert.pub",)
    assert host.identities_only
    assert host.known_hosts == (tmp_path / "known", tmp_path / "known2")
    assert host.key_name == "the-hpc"
    assert host.proxy_command == ""


def test_variables_blanks_and_quotes(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYS", str(tmp_path))
    (tmp_path / "known hosts").touch()
    config = tmp_path / "config"
    config.write_text(
        'Host hpc\n  IdentityFile "${KEYS}/my key %h"\n  CertificateFile "${KEYS}/my cert"\n'
        f'  UserKnownHostsFile "{tmp_path}/known hosts" ${{KEYS}}/other\n'
        '  IdentityAgent "${KEYS}/my agent"\n'
    )
    (host,) = lead(config, "hpc")
    assert host.identity_files == (tmp_path / "my key hpc",)
    assert host.certificate_files == (tmp_path / "my cert",)
    assert host.known_hosts == (tmp_path / "known hosts", tmp_path / "other")
    assert host.identity_agent == str(tmp_path / "my agent")


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host hpc\n  IdentityFile ${NO_SUCH_VARIABLE}/key\n")
    with pytest.raises(ConfigError, match="NO_SUCH_VARIABLE"):
        lead(config, "hpc")


def test_keys_of_machines_yaml_win(config: Path, reader: str, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()  # ssh does not take one that is not there
    (host,) = lead(
        without_broken(config),
        "hpc",
        port=22,
        user="other",
        identity_file=tmp_path / "mine",
        known_hosts_file=tmp_path / "my known",
    )
    assert (host.port, host.user) == (22, "other")
    assert host.identity_files[0] == tmp_path / "mine"
    assert host.known_hosts[0] == tmp_path / "my known"


def test_a_name_that_no_block_is_about(config: Path, reader: str) -> None:
    (host,) = lead(without_broken(config), "plain.example")
    assert (host.hostname, host.port, host.user) == ("plain.example", 22, getpass.getuser())
    assert host.key_name == "plain.example"
    assert not host.identities_only
    assert host.known_hosts[0].name == "known_hosts"
    assert {"id_rsa", "id_ecdsa", "id_ed25519"} <= {path.name for path in host.identity_files}


def test_jumps_are_followed_to_the_first(config: Path, reader: str) -> None:
    hosts = lead(without_broken(config), "inner")
    assert [host.hostname for host in hosts] == [
        "outer.example",
        "gate.example",
        "::1",
        "inner",
    ]
    assert [host.port for host in hosts] == [22, 22, 23, 22]
    assert hosts[2].user == "you"
    assert hosts[2].key_name == "[::1]:23"


def test_a_circle_of_jumps_is_an_error(config: Path, reader: str) -> None:
    with pytest.raises(ConfigError, match="circle"):
        lead(without_broken(config), "circle")


def test_a_proxy_command_is_expanded(config: Path, reader: str) -> None:
    (host,) = lead(without_broken(config), "proxied", user="me", port=24)
    start = "nc -X 5 far.example 24"
    assert host.proxy_command.startswith(start)


def test_the_agent_of_one_machine(config: Path, reader: str, tmp_path: Path) -> None:
    (host,) = lead(without_broken(config), "agented")
    assert host.identity_agent == str(tmp_path / "agent.sock")


def test_include_is_followed_where_ssh_reads(config: Path) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("the ssh program is missing (openssh-client)")
    (host,) = lead(without_broken(config), "included")
    assert host.hostname == "deep.example"


def test_include_is_an_error_where_nobody_can_follow_it(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    with pytest.raises(ConfigError, match="Include is read by the ssh program only"):
        lead(without_broken(config), "hpc")


def test_what_ssh_says_of_a_mistake_is_passed_on(config: Path) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("the ssh program is missing (openssh-client)")
    with pytest.raises(ConfigError, match="nonsense"):
        lead(config, "broken")


def test_a_bad_jump_is_an_error(tmp_path: Path, reader: str) -> None:
    file = tmp_path / "config"
    file.write_text("Host a\n  ProxyJump -oProxyCommand=evil\n")
    with pytest.raises(ConfigError):
        lead(file, "a")


@given(st.text(), st.dictionaries(st.characters(exclude_characters="%"), st.text()))
def test_expand_leaves_what_is_no_token(text: str, tokens: dict[str, str]) -> None:
    assert expand(text.replace("%", ""), tokens) == text.replace("%", "")
    assert expand(text.replace("%", "%%"), {"%": "%"}) == text
