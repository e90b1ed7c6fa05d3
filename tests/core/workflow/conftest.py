"""Computers for workflows to run on."""

from pathlib import Path

import pytest

from tests.core.workflow.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`."""
    return Place(tmp_path / "place")
