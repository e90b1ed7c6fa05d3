"""Every rule of Sojourn's contract: `pytest --kit-rules R07` runs the tests of one."""

from typing import Any

import pytest
from sojourn.testing import BackendSuite
from sojourn.testing.toy import Toy


class TestNewplugin(BackendSuite):
    @pytest.fixture
    def machine_entry(self, toy: Toy) -> dict[str, Any]:
        # FILL: a machine of yours, such as {"backend": "newplugin", "host": "login.here"}
        return {"backend": "newplugin", "path": [str(toy.bin)]}
