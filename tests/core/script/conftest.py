"""A machine, and the POSIX shells at hand."""

import shutil
from pathlib import Path

import pytest

from sojourn.site.context import MachineContext
from tests.support.site import context


@pytest.fixture
def where(tmp_path: Path) -> MachineContext:
    return context(tmp_path / "root dir")


@pytest.fixture(params=["sh", "bash", "busybox sh", "dash"])
def shell(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if shutil.which(name.split()[0]) is None:
        pytest.skip(f"{name} is not installed")
    return name
