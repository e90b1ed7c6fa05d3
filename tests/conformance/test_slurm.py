"""The Slurm backend keeps every rule over ssh."""

import pytest

from sojourn.testing import BackendSuite
from tests.support.machines import Entry, for_second_user
from tests.support.testbed import Testbed


class TestSlurm(BackendSuite):
    kinds = ("slurm-ssh",)

    @pytest.fixture
    def second_user(self, machine_entry: Entry, testbed: Testbed) -> Entry:
        return for_second_user(machine_entry, testbed)
