"""The local backend keeps every rule."""

from sojourn.testing import BackendSuite


class TestLocal(BackendSuite):
    kinds = ("local",)
