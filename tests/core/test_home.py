"""Where Sojourn keeps what it knows."""

import json
import os
import pwd
import stat
from pathlib import Path

import pytest

from sojourn.errors import ConfigError, StoreError
from sojourn.home import expanded, home, results_path, store_path
from sojourn.machines.loading import load_machines
from sojourn.notify.settings import notify_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_it_is_made_private_whatever_the_umask(
    tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOJOURN_HOME", str(tmp_path / "mine"))
    old = os.umask(umask)
    try:
        assert home() == tmp_path / "mine"
    finally:
        os.umask(old)
    assert mode(home()) == 0o700


def test_a_directory_that_is_there_keeps_its_mode(own_home: Path) -> None:
    own_home.mkdir()
    own_home.chmod(0o755)
    assert home() == own_home
    assert mode(own_home) == 0o755


def test_everything_lies_below(own_home: Path) -> None:
    assert store_path().parent == own_home
    assert results_path().parent == own_home
    assert store_path() != results_path()


def test_tilde_and_relative_paths(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOJOURN_HOME", "~/there")
    assert home() == own_home.parent / "there"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOJOURN_HOME", "here")
    assert home() == tmp_path / "here"


def test_without_the_variable_it_is_the_platform_s_place(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOJOURN_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert home().name == "sojourn"
    assert home().is_dir()
    assert home().is_relative_to(tmp_path / "data") or home().is_relative_to(own_home.parent)


def test_something_else_in_its_place(own_home: Path) -> None:
    own_home.write_text("")
    with pytest.raises(StoreError, match="something else than a directory") as caught:
        home()
    assert str(own_home) in str(caught.value)
    assert "SOJOURN_HOME" in caught.value.hint


def test_what_is_missing_above_is_private_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOJOURN_HOME", str(tmp_path / "a" / "b" / "home"))
    before = os.umask(0)
    try:
        made = home()
    finally:
        os.umask(before)
    for place in (made, made.parent, made.parent.parent):
        assert mode(place) == 0o700


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user id that has no entry in passwd, and no HOME."""

    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("nobody")
def test_a_user_without_a_home_can_do_what_needs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expanded("~/x") == Path("~/x")
    entries = {
        name: {"backend": "slurm", "transport": name, "host": "login.example", "root": "/x"}
        for name in ("ssh", "openssh")
    }
    file = tmp_path / "machines.yaml"
    file.write_text(json.dumps({"machines": entries}))
    monkeypatch.setenv("SOJOURN_MACHINES", str(file))
    monkeypatch.setenv("SOJOURN_HOME", str(tmp_path / "home"))
    for name in entries:
        assert load_machines().get(name).transport == name
    assert notify_file() is None


@pytest.mark.usefixtures("nobody")
def test_a_user_without_a_home_is_told_which_variables_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SOJOURN_HOME", "SOJOURN_MACHINES", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StoreError, match="HOME is not set") as caught:
        home()
    assert "SOJOURN_HOME" in caught.value.hint
    monkeypatch.setenv("SOJOURN_HOME", str(tmp_path / "home"))
    with pytest.raises(ConfigError, match="HOME is not set") as refused:
        load_machines()
    assert "SOJOURN_MACHINES" in refused.value.hint
