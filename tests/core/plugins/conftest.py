"""Plugins installed for one test, under module names that no other test uses."""

import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.core.plugins.distributions import install

Install = Callable[..., str]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """`plugin(name, text, distribution=, version=, folder=, attribute=)` installs a distribution.

    It has one module, whose name is returned and stands for `MODULE` in the text, and the entry
    point `name`.
    """
    monkeypatch.syspath_prepend(str(tmp_path))
    made: list[str] = []

    def put(
        name: str,
        text: str,
        *,
        distribution: str = "",
        version: str = "1.0",
        folder: Path = tmp_path,
        attribute: str = "",
    ) -> str:
        module = f"plugin_{secrets.token_hex(6)}"
        made.append(module)
        install(
            folder,
            distribution or f"sojourn-{name}",
            version=version,
            points={name: module + (f":{attribute}" if attribute else "")},
            modules={module: text},
        )
        return module

    yield put
    for module in made:
        sys.modules.pop(module, None)
