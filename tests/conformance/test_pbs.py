"""The PBS backend keeps its rules with Torque's commands; OpenPBS is one of the real machines."""

import pytest

from sojourn.contract import Capability
from sojourn.testing import Chains, EssentialSuite, Holding


class TestTorque(EssentialSuite, Holding, Chains):
    kinds = ("torque-ssh",)

    @pytest.fixture
    def lacks(self) -> frozenset[Capability]:
        return frozenset({Capability.ARRAYS})  # of Slurm's Torque commands
