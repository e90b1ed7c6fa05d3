"""Finding out what this Slurm is: version, accounting, limits."""

import re
from collections.abc import Mapping

from sojourn.batch.scheduler import Conversation
from sojourn_slurm.site import Site

_KEPT = (
    *("AccountingStorageType", "AccountingStorageEnforce", "ClusterName", "EnforcePartLimits"),
    *("MaxArraySize", "MaxJobCount", "MinJobAge", "PriorityType", "PrivateData"),
    *("SchedulerParameters", "SelectType"),
)
_SETTING = re.compile(r"^(\w+)\s*= (.*?)\s*$", re.M)
_FEDERATION = re.compile(r"^Federation:\s*(\S+)", re.M)
_VERSION = re.compile(r"^slurm\S* (\S+)", re.M)


def probe(site: Site) -> Conversation[Mapping[str, str]]:
    """The facts. Without the controller's answer there is only `version`."""
    result = yield question(site)
    return facts(result.stdout)


def question(site: Site) -> str:
    """The command whose output `facts` reads."""
    return "; ".join(
        (
            site.commands.change("sbatch", "--version"),
            site.commands.change("scontrol", "show", "config"),
            site.commands.change("scontrol", "show", "federation"),
        )
    )


def facts(text: str) -> dict[str, str]:
    """What the three commands of `probe` printed, under Slurm's own names for its settings."""
    settings = dict(_SETTING.findall(text))
    found = {name: settings[name] for name in _KEPT if name in settings}
    for name, pattern in (("version", _VERSION), ("federation", _FEDERATION)):
        match = pattern.search(text)
        if match is not None:
            found[name] = match[1]
    return found
