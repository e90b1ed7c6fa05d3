"""What `sojourn plugins new` makes keeps every rule before anybody has filled anything in."""

from typing import Any

import pytest

from sojourn.testing import BackendSuite
from sojourn.testing.toy import Toy


class TestToy(BackendSuite):
    @pytest.fixture
    def machine_entry(self, toy: Toy) -> dict[str, Any]:
        return {"backend": "newplugin", "path": [str(toy.bin)]}

    @pytest.fixture
    def kit_plugins(self) -> dict[str, str]:
        return {"newplugin": "sojourn.scaffold.templates.batch.package.backend:plugin"}

    @pytest.fixture
    def walltime(self) -> int:
        return 1


class TestDirect(BackendSuite):
    @pytest.fixture
    def machine_entry(self, toy: Toy) -> dict[str, Any]:
        return {"backend": "newplugin", "path": [str(toy.bin)]}

    @pytest.fixture
    def kit_plugins(self) -> dict[str, str]:
        return {"newplugin": "sojourn.scaffold.templates.backend.package.backend"}
