"""Desks with a machine of the local backend."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.cli.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with one machine, `here`, that runs four jobs at a time."""
    entry = {
        "backend": "local",
        "slots": 4,
        "grace": 0.2,
        "root": str(tmp_path / "root"),
        "poll": {"interval": "0.1s"},
    }
    desk = Desk(tmp_path / "desk", {"here": entry})
    yield desk
    if desk.home.exists():
        desk("cancel", "--state", "ACTIVE", status=None)


@pytest.fixture
def empty_desk(tmp_path: Path) -> Desk:
    """A desk whose one machine is never asked for anything."""
    return Desk(tmp_path / "desk", {"here": {"backend": "local", "root": str(tmp_path / "root")}})
