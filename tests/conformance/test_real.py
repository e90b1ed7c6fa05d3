"""Every machine that `SOJOURN_TEST_MACHINES` names keeps every rule."""

import pytest

from sojourn.testing import BackendSuite
from tests.support.machines import Entry, neighbour


class TestReal(BackendSuite):
    kinds = ("real",)

    @pytest.fixture
    def second_user(self, machine_entry: Entry) -> Entry | None:
        return neighbour(machine_entry)
