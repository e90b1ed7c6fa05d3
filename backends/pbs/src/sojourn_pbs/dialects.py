"""The families of PBS, and what is known of one machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sojourn_pbs.options import PbsOptions


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


@dataclass(frozen=True, slots=True)
class Site:
    """One machine's PBS, as configured and as probed; what is not known has its usual value."""

    dialect: Dialect
    history: bool
    """Whether the server is thought to remember finished jobs (`qstat -x`); never relied upon."""
    array_limit: int
    facts: Mapping[str, str]


def site(options: object, facts: Mapping[str, str]) -> Site:
    """What `options` (of machines.yaml) and `facts` (of the probe) say of a machine."""
    wanted = options.dialect if isinstance(options, PbsOptions) else "auto"
    found = facts.get("dialect", "")
    # Torque's commands over Slurm answer to `torque`, too: they are still what they are.
    if wanted == "auto" or (wanted == "torque" and found == Dialect.WRAPPERS):
        dialect = Dialect(found) if found else Dialect.OPENPBS
    else:
        dialect = Dialect(wanted)
    told = facts.get("array_limit", "")
    limit = int(told) if told.isdecimal() else _ARRAY_LIMITS[dialect]
    history = dialect is Dialect.OPENPBS and facts.get("history") != "off"
    return Site(dialect, history, limit, facts)
