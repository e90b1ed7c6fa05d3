"""A result cache of its own for each test."""

from pathlib import Path

import pytest

from sojourn.results.cache import ResultCache


@pytest.fixture
def cache(tmp_path: Path) -> ResultCache:
    """An empty cache."""
    return ResultCache(tmp_path / "results")
