"""Where sockets are kept: private, and short enough."""

import tempfile
from pathlib import Path

import pytest

from sojourn.errors import ConfigError
from sojourn.transports.runtime import LONGEST_SOCKET
from sojourn.transports.runtime import runtime_directory as find_directory


def test_in_the_users_runtime_directory(runtime_directory: Path) -> None:
    directory = find_directory()
    assert directory == runtime_directory / "sojourn"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert find_directory() == directory


def test_elsewhere_if_that_one_is_open_to_others(
    runtime_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime_directory.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(runtime_directory))
    assert find_directory().name.startswith("sojourn-")


def test_a_directory_that_others_may_write_to_is_refused(
    runtime_directory: Path,
) -> None:
    (runtime_directory / "sojourn").mkdir()
    (runtime_directory / "sojourn").chmod(0o777)
    with pytest.raises(ConfigError, match="only you"):
        find_directory()


def test_a_link_is_refused(runtime_directory: Path, tmp_path: Path) -> None:
    (runtime_directory / "sojourn").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="only you"):
        find_directory()


def test_a_path_that_is_too_long_for_a_socket_is_passed_over(
    runtime_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = runtime_directory / ("d" * LONGEST_SOCKET)
    deep.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    monkeypatch.setattr(tempfile, "tempdir", str(runtime_directory))
    assert find_directory().parent == runtime_directory
