"""The PBS backend keeps every rule with Torque's commands; OpenPBS is one of the real machines."""

from sojourn.testing import BackendSuite


class TestTorque(BackendSuite):
    kinds = ("torque-ssh",)
