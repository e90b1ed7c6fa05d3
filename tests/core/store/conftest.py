"""A store of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store(tmp_path / "home" / "store.sqlite3") as store:
        yield store
