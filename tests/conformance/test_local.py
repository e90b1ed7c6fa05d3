"""The local backend keeps every rule."""

import pytest

from sojourn.testing import BackendSuite


class TestLocal(BackendSuite):
    kinds = ("local",)

    @pytest.fixture
    def walltime(self) -> int:
        return 1
