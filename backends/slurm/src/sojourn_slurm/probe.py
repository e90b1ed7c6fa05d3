"""Finding out what this Slurm is: version, accounting, limits."""

import re
from collections.abc import Mapping

from sojourn.batch.scheduler import Conversation
from sojourn_slurm.commands import Commands

_KEPT = (
    *("AccountingStorageType", "AccountingStorageEnforce", "ClusterName", "EnforcePartLimits"),
    *("MaxArraySize", "MaxJobCount", "MinJobAge", "PriorityType", "PrivateData"),
    *("SchedulerParameters", "SelectType"),
)
_SETTING = re.compile(r"^(\w+)\s*= (.*?)\s*$", re.M)
_FEDERATION = re.compile(r"^Federation:\s*(\S+)", re.M)
_VERSION = re.compile(r"^slurm\S* (\S+)", re.M)


def probe(commands: Commands) -> Conversation[Mapping[str, str]]:
    """The facts. Without the controller's answer there is only `version`."""
    result = yield "; ".join(
        (
            commands.change("sbatch", "--version"),
            commands.change("scontrol", "show", "config"),
            commands.change("scontrol", "show", "federation"),
        )
    )
    return facts(result.stdout)


def facts(text: str) -> dict[str, str]:
    """What the three commands of `probe` printed, under Slurm's own names for its settings."""
    settings = dict(_SETTING.findall(text))
    found = {name: settings[name] for name in _KEPT if name in settings}
    for name, pattern in (("version", _VERSION), ("federation", _FEDERATION)):
        match = pattern.search(text)
        if match is not None:
            found[name] = match[1]
    return found


def has_accounting(facts: Mapping[str, str]) -> bool | None:
    """Whether sacct answers; None if that is not known."""
    storage = facts.get("AccountingStorageType")
    return None if storage is None else storage.endswith("/slurmdbd")


def array_limit(facts: Mapping[str, str]) -> int:
    """Most tasks of an array, whose indices must be below MaxArraySize (1001 unless set)."""
    size = facts.get("MaxArraySize", "")
    limit = int(size) - 1 if size.isdecimal() else 1000
    fewer = re.search(r"max_array_tasks=(\d+)", facts.get("SchedulerParameters", ""))
    return max(1, min(limit, int(fewer[1])) if fewer is not None else limit)
