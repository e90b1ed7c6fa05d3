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

Words = dict[str, object]

_PLACES = frozenset({"free", "scatter", "excl", "exclhost", "shared"})
_COUNTS = {
    # All CPUs of a node, until they are divided among its tasks.
    **dict.fromkeys(("ncpus", "ppn", "procs", "nodect"), "cpus_per_task"),
    **dict.fromkeys(("ngpus", "gpus"), "gpus_per_node"),
    "mpiprocs": "tasks_per_node",
}
_SIZES = {"mem": "memory", "pmem": "memory_per_cpu"}
_IGNORED = frozenset({"ompthreads", "vmem", "pvmem"})
"""What follows from the others, and limits that would keep a new one from having effect."""


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
    words: Words = {}
    for name, value in pairs:
        said = _READ[name](value) if name in _READ else _share(name, value)
        if said is None:
            raise UnsupportedResource(
                f"`{hit[0]}` cannot replace a part of the script's `-l {name}={value}`",
                hint="change the script, or leave the word out",
            )
        words |= said
    cpus, tasks = words.get("cpus_per_task"), words.get("tasks_per_node", 1)
    if isinstance(cpus, int) and isinstance(tasks, int):
        words["cpus_per_task"] = max(1, cpus // tasks)
    total, nodes = words.get("memory"), words.get("nodes")
    if "mem" in dict(pairs) and isinstance(total, int) and isinstance(nodes, int):
        words["memory"] = -(-total // nodes)  # beside `nodes`, `-l mem` is for the whole job
    if "tasks" in explicit:  # told as a number in all, not as one for each node
        words.pop("nodes", None)
        words.pop("tasks_per_node", None)
    return Resources.model_validate(words)


def _place(value: str) -> Words | None:
    parts = set(value.split(":"))
    if not parts <= _PLACES:
        return None
    return {"exclusive": True} if parts & {"excl", "exclhost"} else {}


def _chunk(value: str) -> Words | None:
    """`2:ncpus=8:mpiprocs=4:mem=16gb` or `2:ppn=8:fast`: chunks that are all alike."""
    if "+" in value:
        return None
    count, *shares = value.split(":")
    words: Words = {}
    if "=" in count:
        shares.insert(0, count)
    elif re.fullmatch(r"\d{1,9}", count, re.ASCII):
        words["nodes"] = int(count)
    else:
        return None  # a node's name
    features = []
    for share in shares:
        said = _share(*share.partition("=")[::2])
        if said is None:
            features.append(share)
        words |= said or {}
    return words | ({"constraint": "&".join(features)} if features else {})


def _share(name: str, amount: str) -> Words | None:
    """`ncpus=8` and the like."""
    if name in _IGNORED:
        return {}
    if name in _SIZES and size(amount):
        return {_SIZES[name]: size(amount)}
    if name in _COUNTS and re.fullmatch(r"0*[1-9]\d{0,8}", amount, re.ASCII):
        return {_COUNTS[name]: int(amount)}
    return None


_READ = {"select": _chunk, "nodes": _chunk, "place": _place}
