"""Every machine that `SOJOURN_TEST_MACHINES` names keeps every rule."""

from sojourn.testing import BackendSuite


class TestReal(BackendSuite):
    kinds = ("real",)
