"""Sojourn's backend for Slurm."""

from sojourn.batch.backend import BatchBackend
from sojourn.contract import BackendInfo, Capability
from sojourn_slurm.directives import OPTIONS, OTHERS
from sojourn_slurm.scheduler import Slurm
from sojourn_slurm.site import SlurmOptions

info = BackendInfo(
    name="slurm",
    summary="Slurm 20.11 and later, with and without accounting",
    resources=frozenset({*OPTIONS, *OTHERS}),
    contract=1,
    capabilities=frozenset(Capability),
    config_model=SlurmOptions,
)
plugin = BatchBackend(info, Slurm)
"""What the entry point names."""

__all__ = ["Slurm", "SlurmOptions", "info", "plugin"]
