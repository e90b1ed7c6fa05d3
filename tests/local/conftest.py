"""Stands that leave no process behind."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.local.stand import Stand

Stands = Callable[..., Stand]


@pytest.fixture
def stands(tmp_path: Path) -> Iterator[Stands]:
    """Makes stands, all at one root unless told otherwise."""
    with ExitStack() as stack:

        def make(root: Path | None = None, **settings: Any) -> Stand:
            stand = Stand(root or tmp_path / "root", **settings)
            stack.callback(stand.close)
            return stand

        yield make


@pytest.fixture
def stand(stands: Stands) -> Stand:
    """One stand with two slots."""
    return stands()
