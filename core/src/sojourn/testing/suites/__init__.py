"""The suites: tests to inherit. Each file is one group of rules."""

from sojourn.testing.suites.batches import Batches
from sojourn.testing.suites.carrying import TransportSuite
from sojourn.testing.suites.changes import Changes
from sojourn.testing.suites.evidence import Evidence
from sojourn.testing.suites.faults import Faults
from sojourn.testing.suites.files import Files, Volume
from sojourn.testing.suites.finding import Finding
from sojourn.testing.suites.jobs import Jobs
from sojourn.testing.suites.once import Cuts, Once, OnceInProcesses
from sojourn.testing.suites.optional import Abilities, Chains, Holding
from sojourn.testing.suites.printed import Printed
from sojourn.testing.suites.saying import Saying


class EssentialSuite(Batches, Evidence, Once, Finding, Printed, Jobs, Files, Changes, Saying):
    """Every rule that can be proven quickly, of what every backend must do."""


class BackendSuite(
    EssentialSuite, Faults, Cuts, OnceInProcesses, Volume, Holding, Chains, Abilities
):
    """Every rule; what is optional where the backend claims it."""


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
