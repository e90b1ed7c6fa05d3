"""Every rule of Sojourn's contract about transports."""

from typing import Any

import pytest
from sojourn.testing import TransportSuite


class TestNewplugin(TransportSuite):
    @pytest.fixture
    def machine_entry(self) -> dict[str, Any]:
        # FILL: a machine of yours
        return {"transport": "newplugin", "via": ["env", "BY=newplugin"]}
