"""Which resource words this computer can honour, and what a runner enforces of them: pure."""

import os
from typing import NamedTuple

from sojourn.errors import UnsupportedResource
from sojourn.nearest import did_you_mean
from sojourn.values.resources import Resources

WORDS = frozenset(
    {"nodes", "tasks", "tasks_per_node", "cpus_per_task", "memory", "memory_per_cpu", "walltime"}
)
"""The words that have a meaning here; the others only where they ask for nothing."""

_ASKS_NOTHING = {"gpus_per_node": 0, "exclusive": False, "requeue": False}
_WHY_NOT = {
    "requeue": "a job runs once here",
    "exclusive": "other programs run on this computer, too; `slots: 1` runs one job at a time",
}


class Limits(NamedTuple):
    """What a runner enforces: seconds, bytes, None for no limit.

    `cpus` are all of the job, `threads` those of one of its tasks; None where it does not say.
    """

    walltime: float | None
    memory: int | None
    cpus: int | None
    threads: int | None


def cpu_count() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limits_of(resources: Resources, *, available: int | None = None) -> Limits:
    """Read what a job asks for; `available` CPUs, by default those of this process.

    Raises:
        UnsupportedResource: it asks for what this computer cannot give.
    """
    for word, value in resources.given().items():
        if word not in WORDS and (word not in _ASKS_NOTHING or value != _ASKS_NOTHING[word]):
            raise UnsupportedResource(
                f"backend local cannot honour the resource {word}={_shown(value)}",
                hint=_WHY_NOT.get(word) or did_you_mean(word, WORDS, what="it honours"),
            )
    if (resources.nodes or 1) > 1:
        raise UnsupportedResource(
            f"backend local cannot honour nodes={resources.nodes}: this computer is one node",
            hint="ask for nodes=1, or say the number of processes with tasks",
        )
    cpus = _cpus(resources, cpu_count() if available is None else available)
    memory = [resources.memory, resources.memory_per_cpu and resources.memory_per_cpu * (cpus or 1)]
    return Limits(
        walltime=resources.walltime,
        memory=min((one for one in memory if one), default=None),
        cpus=cpus,
        threads=resources.cpus_per_task,
    )


def _cpus(resources: Resources, available: int) -> int | None:
    """All CPUs of the job; None if it does not say."""
    tasks = resources.tasks or resources.tasks_per_node
    if tasks is None and resources.cpus_per_task is None:
        return None
    cpus = (tasks or 1) * (resources.cpus_per_task or 1)
    if cpus > available:
        asked = " x ".join(
            f"{word}={value}"
            for word in ("tasks", "tasks_per_node", "cpus_per_task")
            if (value := getattr(resources, word)) is not None
        )
        raise UnsupportedResource(
            f"backend local cannot honour {asked}: this computer has {available} CPUs for it",
            hint="ask for fewer, or name another machine",
        )
    return cpus


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
