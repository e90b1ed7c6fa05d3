"""Sojourn's backend for PBS."""

from sojourn.batch.backend import BatchBackend
from sojourn.contract import BackendInfo, Capability
from sojourn_pbs.dialects import PbsOptions
from sojourn_pbs.directives import WORDS
from sojourn_pbs.scheduler import Pbs

info = BackendInfo(
    name="pbs",
    summary="OpenPBS, PBS Professional 18 and later, and Torque",
    resources=WORDS,
    contract=1,
    capabilities=frozenset(Capability),
    config_model=PbsOptions,
)
plugin = BatchBackend(info, Pbs)
"""What the entry point names."""

__all__ = ["Pbs", "PbsOptions", "info", "plugin"]
