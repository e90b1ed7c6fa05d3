"""Where a job's tasks go: nodes, tasks, CPUs and memory as chunks that schedulers ask for. Pure."""

from dataclasses import dataclass

from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources


@dataclass(frozen=True, slots=True)
class Chunk:
    """`count` nodes (or shares of nodes) that are alike, and what each of them has.

    `cpus` are those of its `tasks` together, `memory` its bytes, None if none are asked for.
    """

    count: int
    tasks: int
    cpus: int
    memory: int | None


def chunks(resources: Resources, *, spread: bool) -> list[Chunk]:
    """The chunks of a job. With `spread`, tasks of no particular node are chunks of their own.

    Raises:
        UnsupportedResource: the tasks do not fit on the nodes, or leave some without any.
    """
    cpus, each = resources.cpus_per_task or 1, resources.memory_per_cpu
    return [
        Chunk(count, tasks, tasks * cpus, each * tasks * cpus if each else resources.memory)
        for count, tasks in _layout(resources, spread=spread)
    ]


def _layout(resources: Resources, *, spread: bool) -> list[tuple[int, int]]:
    """How many chunks have how many tasks."""
    nodes, tasks, each = resources.nodes, resources.tasks, resources.tasks_per_node
    if tasks is None:
        return [(nodes or 1, each or 1)]
    if nodes is None and each is None:
        by_node = resources.memory is not None or resources.gpus_per_node
        return [(tasks, 1)] if spread and not by_node else [(1, tasks)]
    nodes = nodes or -(-tasks // (each or 1))
    few, more = divmod(tasks, nodes)
    if few == 0:
        raise UnsupportedResource(
            f"`tasks` is {tasks} and `nodes` {nodes}: no node can be without a task",
            hint=f"ask for nodes={tasks}",
        )
    if each is not None and few + bool(more) > each:
        raise UnsupportedResource(
            f"{tasks} `tasks` do not fit on {nodes} `nodes` with {each} `tasks_per_node`",
            hint=f"ask for nodes={-(-tasks // each)}",
        )
    return [(count, on) for count, on in ((more, few + 1), (nodes - more, few)) if count]
