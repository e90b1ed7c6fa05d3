"""What a script asks for in nodes, tasks, CPUs, memory and GPUs, as resource words."""

import re
from collections.abc import Sequence

from sojourn.batch.units import size
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources

_MEMORY = frozenset({"memory", "memory_per_cpu"})
_SHAPE = frozenset({"nodes", "tasks", "tasks_per_node", "cpus_per_task", "constraint"})
_ALL = _SHAPE | _MEMORY | {"gpus_per_node"}
GEOMETRY: dict[str, frozenset[str]] = {
    **dict.fromkeys(("select", "nodes"), _ALL),
    **dict.fromkeys(("ncpus", "mpiprocs", "ppn", "procs", "nodect"), _SHAPE),
    **dict.fromkeys(("mem", "pmem", "vmem", "pvmem"), _MEMORY),
    **dict.fromkeys(("ngpus", "gpus"), frozenset({"gpus_per_node"})),
    "place": frozenset({"exclusive", "nodes"}),
}
"""Resources of a script -> the words that say the same."""

_PLACES = frozenset({"free", "scatter", "excl", "exclhost", "shared"})


def understood(asked: Sequence[str], explicit: frozenset[str]) -> Resources | None:
    """The words for what `-l` options ask for, if one of `explicit` has to win over them.

    Raises:
        UnsupportedResource: it has to, and what the script asks for is more than words can say.
    """
    pairs = [one.partition("=")[::2] for one in asked]
    pairs = [(name, value) for name, value in pairs if name in GEOMETRY]
    hit = sorted(explicit & frozenset().union(*(GEOMETRY[name] for name, _ in pairs)))
    if not hit:
        return None
    words: dict[str, object] = {}
    for name, value in pairs:
        said = _one(name, value)
        if said is None:
            raise UnsupportedResource(
                f"`{hit[0]}` cannot replace a part of the script's `-l {name}={value}`",
                hint="change the script, or leave the word out",
            )
        words |= said
    _by_node(words)
    total, nodes = words.get("memory"), words.get("nodes")
    if "mem" in dict(pairs) and isinstance(total, int) and isinstance(nodes, int):
        words["memory"] = -(-total // nodes)  # beside `nodes`, `-l mem` is for the whole job
    if "tasks" in explicit:  # told as a number in all, not as one for each node
        words = {name: value for name, value in words.items() if name not in _COUNTS}
    return Resources.model_validate(words)


_COUNTS = ("nodes", "tasks_per_node")


def _one(name: str, value: str) -> dict[str, object] | None:
    """The words for one resource; None if there are none."""
    if name == "place":
        parts = set(value.split(":"))
        if not parts <= _PLACES:
            return None
        return {"exclusive": True} if parts & {"excl", "exclhost"} else {}
    if name in ("select", "nodes"):
        return _chunk(value)
    if name in ("vmem", "pvmem"):  # a limit that would keep the new one from having effect
        return {}
    return _share(name, value)


def _chunk(value: str) -> dict[str, object] | None:
    """`2:ncpus=8:mpiprocs=4:mem=16gb` or `2:ppn=8:fast`: chunks that are all alike."""
    count, *shares = value.split(":")
    if "+" in value or not count:
        return None
    words: dict[str, object] = {}
    if re.fullmatch(r"\d{1,9}", count, re.ASCII):
        words["nodes"] = int(count)
    elif "=" in count:
        shares.insert(0, count)
    else:
        return None  # a node's name
    features = []
    for share in shares:
        name, equals, amount = share.partition("=")
        said = _share(name, amount) if equals and name in _SHARES else None
        if said is None:
            features.append(share)
        words |= said or {}
    return words | ({"constraint": "&".join(features)} if features else {})


_SHARES = frozenset({"ncpus", "mpiprocs", "ppn", "mem", "pmem", "ngpus", "gpus", "ompthreads"})


def _share(name: str, amount: str) -> dict[str, object] | None:
    """`ncpus=8` and the like; CPUs stand for all tasks of a node until `_by_node`."""
    if name == "ompthreads":
        return {}
    if name in ("mem", "pmem"):
        memory = size(amount)
        return {"memory" if name == "mem" else "memory_per_cpu": memory} if memory else None
    if re.fullmatch(r"\d{1,9}", amount, re.ASCII) is None or int(amount) == 0:
        return None
    word = {"mpiprocs": "tasks_per_node", "ngpus": "gpus_per_node", "gpus": "gpus_per_node"}
    return {word.get(name, "cpus_per_task"): int(amount)}


def _by_node(words: dict[str, object]) -> None:
    """Divide a node's CPUs among its tasks."""
    cpus, tasks = words.get("cpus_per_task"), words.get("tasks_per_node", 1)
    if isinstance(cpus, int) and isinstance(tasks, int):
        words["cpus_per_task"] = max(1, cpus // tasks)
