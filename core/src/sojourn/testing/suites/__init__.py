"""The suites: tests to inherit. Each file is one group of rules."""

from sojourn.testing.suites.batches import Batches


class EssentialSuite(Batches):
    """Every rule that short jobs can prove."""


class BackendSuite(EssentialSuite):
    """Every rule."""
