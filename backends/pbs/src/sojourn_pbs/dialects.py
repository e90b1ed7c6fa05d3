"""The families of PBS, and what is known of one machine."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sojourn.batch.scheduler import BatchScheduler


class PbsOptions(BaseModel):
    """The keys that this backend adds to its machines."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    dialect: Literal["auto", "openpbs", "torque"] = "auto"
    """The family of PBS; `auto` finds out from the machine's own commands."""


class Dialect(StrEnum):
    """Who stands behind qsub and qstat."""

    OPENPBS = "openpbs"
    """OpenPBS, and PBS Professional 18 and later."""
    TORQUE = "torque"
    """Torque 4 and later."""
    WRAPPERS = "torque-over-slurm"
    """Slurm's own commands in Torque's dress: they know no arrays that could be followed, no
    exit status, no held state, and leave unknown options and resources out in silence."""


_ARRAY_LIMITS = {Dialect.OPENPBS: 10000, Dialect.TORQUE: 1000, Dialect.WRAPPERS: 1}
"""Where the server does not say: PBS's own default, a guess, and no arrays."""


class Site(BatchScheduler):
    """One machine's PBS, as configured and as probed; what is not known has its usual value.

    `history` is whether the server is thought to remember finished jobs (`qstat -x`); it is never
    relied upon.
    """

    def __init__(self, options: object = None, facts: Mapping[str, str] | None = None) -> None:
        super().__init__(options, facts)
        wanted = options.dialect if isinstance(options, PbsOptions) else "auto"
        found = Dialect(self.facts.get("dialect") or Dialect.OPENPBS)
        # Torque's commands over Slurm answer to `torque`, too: they are still what they are.
        as_found = wanted == "auto" or (wanted == "torque" and found is Dialect.WRAPPERS)
        self.dialect = found if as_found else Dialect(wanted)
        self.history = self.dialect is Dialect.OPENPBS and self.facts.get("history") != "off"

    def array_limit(self) -> int:
        told = self.facts.get("array_limit", "")
        return int(told) if told.isdecimal() else _ARRAY_LIMITS[self.dialect]
