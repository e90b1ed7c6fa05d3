"""The conformance kit for backends; its tests need core's extra `testing`.

A backend's whole conformance file:

    import pytest
    from sojourn.testing import BackendSuite

    pytest_plugins = ["sojourn.testing.plugin"]

    class TestMyScheduler(BackendSuite):
        @pytest.fixture
        def machine_entry(self):
            return {"backend": "mine", "host": "login.here", "root": "/scratch/me/kit"}
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sojourn.testing.suites import (
        Abilities,
        BackendSuite,
        Batches,
        Chains,
        Changes,
        Cuts,
        EssentialSuite,
        Evidence,
        Faults,
        Files,
        Finding,
        Holding,
        Jobs,
        Once,
        OnceInProcesses,
        Printed,
        Saying,
        TransportSuite,
        Volume,
    )

__all__ = [
    "Abilities",
    "BackendSuite",
    "Batches",
    "Chains",
    "Changes",
    "Cuts",
    "EssentialSuite",
    "Evidence",
    "Faults",
    "Files",
    "Finding",
    "Holding",
    "Jobs",
    "Once",
    "OnceInProcesses",
    "Printed",
    "Saying",
    "TransportSuite",
    "Volume",
]


def __getattr__(name: str) -> Any:
    """The suites, imported when asked for, so that the rules can be read without pytest."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if f"{__name__}.suites" not in sys.modules:
        import pytest

        pytest.register_assert_rewrite(f"{__name__}.suites")
    from sojourn.testing import suites

    return getattr(suites, name)
