"""Where the file is looked for, and what holds when there are several or none."""

import os
from pathlib import Path

import pytest

from sojourn.errors import ConfigError, UnknownMachine
from sojourn.machines.loading import load_machines
from sojourn.machines.places import machine_files, user_file
from sojourn.plugins.registry import Registry


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def user() -> Path:
    return Path(os.environ["XDG_CONFIG_HOME"]) / "sojourn" / "machines.yaml"


def site(folder: str = "") -> Path:
    return Path(folder or os.environ["XDG_CONFIG_DIRS"]) / "sojourn" / "machines.yaml"


def test_without_a_file_there_is_this_computer(registry: Registry) -> None:
    machines = load_machines(registry)
    assert machine_files() == []
    assert machines.names() == ["local"]
    assert machines.entry("local").backend == "local"
    with pytest.raises(UnknownMachine, match="there is no machine 'hpc'"):
        machines.get("hpc")


def test_that_computer_needs_its_backend_and_says_so(registry: Registry) -> None:
    from sojourn.errors import UnknownBackend

    with pytest.raises(UnknownBackend, match="machine 'local': backend 'local' is not") as caught:
        load_machines(registry).default()
    assert caught.value.hint == 'pip install "sojourn[local]"'


def test_an_empty_file_is_as_good_as_none(registry: Registry) -> None:
    write(user(), "# nothing yet\n")
    assert load_machines(registry).names() == ["local"]


def test_the_users_file_stands_before_the_sites(registry: Registry) -> None:
    write(user(), "machines:\n  hpc: {backend: big, host: mine}\n  here: {backend: toy}\n")
    write(site(), "machines:\n  hpc: {backend: big, root: /site}\n  far: {backend: big}\n")
    machines = load_machines(registry)
    assert machine_files() == [user(), site()]
    assert user_file() == user()
    assert machines.names() == ["hpc", "here", "far"]
    assert machines.get("hpc").root == "~/.sojourn"  # an entry counts as a whole
    assert machines.get("hpc").transport == "ssh"
    assert machines.entry("far").document.file == site()


def test_the_users_default_stands_before_the_sites(registry: Registry) -> None:
    write(site(), "default: far\nmachines:\n  far: {backend: big}\n")
    write(user(), "machines:\n  here: {backend: toy}\n")
    assert load_machines(registry).default().name == "far"
    write(user(), "default: here\nmachines:\n  here: {backend: toy}\n")
    assert load_machines(registry).default().name == "here"


def test_a_site_may_have_several_folders(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_DIRS", f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}")
    write(site(str(tmp_path / "a")), "machines:\n  one: {backend: toy, slots: 1}\n")
    write(
        site(str(tmp_path / "b")),
        "machines:\n  one: {backend: toy, slots: 2}\n  two: {backend: toy}\n",
    )
    machines = load_machines(registry)
    assert machines.names() == ["one", "two"]
    assert machines.get("one").model_dump()["options"] == {"slots": 1}


def test_the_variable_names_the_only_file(registry: Registry, tmp_path: Path) -> None:
    write(user(), "machines:\n  here: {backend: toy}\n")
    other = write(tmp_path / "other.yaml", "machines:\n  there: {backend: toy}\n")
    assert load_machines(registry, {"SOJOURN_MACHINES": str(other)}).names() == ["there"]
    assert load_machines(registry, {"SOJOURN_MACHINES": ""}).names() == ["here"]


def test_the_variable_may_begin_at_home(registry: Registry) -> None:
    write(Path.home() / "my.yaml", "machines:\n  there: {backend: toy}\n")
    assert load_machines(registry, {"SOJOURN_MACHINES": "~/my.yaml"}).names() == ["there"]


def test_the_variable_must_name_a_file_that_exists(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yaml: there is no such file") as caught:
        load_machines(registry, {"SOJOURN_MACHINES": str(tmp_path / "nowhere.yaml")})
    assert "SOJOURN_MACHINES" in str(caught.value)


def test_the_processs_environment_is_the_default(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = write(tmp_path / "m.yaml", "machines:\n  a: {backend: toy, root: '${FOLDER}'}\n")
    monkeypatch.setenv("SOJOURN_MACHINES", str(file))
    monkeypatch.setenv("FOLDER", "/work")
    assert load_machines(registry).get("a").root == "/work"
