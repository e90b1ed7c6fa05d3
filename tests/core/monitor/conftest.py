"""A stage for monitors."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.monitor.computer import Computer
from tests.core.monitor.stage import Stage


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A computer with the machines `a` and `b`."""
    made = Stage(tmp_path, "a", "b")
    monkeypatch.setenv("SOJOURN_MACHINES", str(made.file))
    return made


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    """A computer with one machine, `here`, of the real local backend; its jobs end with the test."""
    made = Computer(tmp_path)
    yield made
    made.open_gates(0, 1)
