"""The transports' keys in machines.yaml, and the opening of a transport by its word."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from sojourn.errors import PluginError, UnknownBackend
from sojourn.transports.config import LocalConfig, SshConfig
from sojourn.transports.local import LocalTransport
from sojourn.transports.opening import open_transport
from sojourn.transports.openssh import OpensshTransport
from sojourn.transports.ssh import SshTransport


def test_what_need_not_be_said() -> None:
    config = SshConfig(host="hpc")
    assert config.connect_timeout == 20
    assert config.ssh_config == Path("~/.ssh/config").expanduser()
    assert (config.port, config.user, config.identity_file) == (None, None, None)


@pytest.mark.parametrize(("given", "seconds"), [(5, 5), ("30s", 30), ("1m", 60), (0.5, 0.5)])
def test_connect_timeout(given: object, seconds: float) -> None:
    config = SshConfig.model_validate({"host": "hpc", "connect_timeout": given})
    assert config.connect_timeout == seconds


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"host": ""},
        {"host": "-oProxyCommand=evil"},
        {"host": "a b"},
        {"host": "a\nb"},
        {"host": "hpc", "user": "-x"},
        {"host": "hpc", "port": 0},
        {"host": "hpc", "port": 65536},
        {"host": "hpc", "connect_timeout": 0},
        {"host": "hpc", "connect_timeout": "soon"},
        {"host": "hpc", "password": "secret"},
        {"host": "hpc", "passphrase": "secret"},
    ],
)
def test_mistakes_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SshConfig.model_validate(keys)


def test_local_has_no_keys() -> None:
    with pytest.raises(ValidationError):
        LocalConfig.model_validate({"host": "hpc"})


def test_a_transport_by_its_word() -> None:
    config = SshConfig(host="hpc")
    assert isinstance(open_transport("local", LocalConfig(), "m"), LocalTransport)
    assert isinstance(open_transport("ssh", config, "m"), SshTransport)
    assert isinstance(open_transport("openssh", config, "m"), OpensshTransport)
    with pytest.raises(UnknownBackend, match="m: there is no transport 'telnet'"):
        open_transport("telnet", config, "m")


def test_without_paramiko_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == "paramiko" or name == "sojourn.transports.ssh":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "paramiko", None)
    with pytest.raises(PluginError, match="m: transport ssh needs") as caught:
        open_transport("ssh", SshConfig(host="hpc"), "m")
    assert caught.value.hint == 'pip install "sojourn[ssh]"'


def test_importing_the_opener_imports_nothing_heavy() -> None:
    program = (
        "import sys, sojourn.transports.opening, sojourn.transports.metering;"
        "print([m for m in ('paramiko', 'pydantic', 'tenacity', 'rich') if m in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == "[]"
