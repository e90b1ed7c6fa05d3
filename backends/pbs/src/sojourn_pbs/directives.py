"""From resource words to `#PBS` lines.

OpenPBS: `select` chunks, each a share of one node. Torque: `nodes=N:ppn=M`.
"""

import re

from sojourn.batch.scheduler import Header
from sojourn.batch.units import mebibytes
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources
from sojourn_pbs.dialects import Dialect, Site
from sojourn_pbs.script import LANGUAGE

WORDS = frozenset(Resources.model_fields) - {"gpu_type", "qos"}
"""The words that PBS has: it knows no qos, and no kind of GPU but as a site's own resource."""

_SHAPE = frozenset(
    {
        *("nodes", "tasks", "tasks_per_node", "cpus_per_task", "gpus_per_node"),
        *("memory", "memory_per_cpu", "constraint", "exclusive"),
    }
)
"""Words that PBS has one expression for."""

Layout = list[tuple[int, int]]
"""Number of nodes (or, in OpenPBS, of chunks on any node), and tasks on each."""


def directives(site: Site, resources: Resources, header: Header) -> list[str]:
    """The directive lines of job.sh, `native` ones last.

    What job.sh has to do against PBS: it is run as a copy in a spool directory, so `$0` means
    nothing; in the home directory, or in Slurm's case where qsub was called; with a umask that
    is PBS's; by /bin/sh, because a login shell such as csh would read it else. It may be run
    again after a restart of the server, always as part of an array, and must run no attempt
    twice. It writes the job's output itself: PBS delivers only after the end, or not at all.

    Raises:
        UnsupportedResource: a word that cannot be honoured, with the nearest that can.
    """
    dialect = site.dialect
    _refuse(dialect, resources)
    if resources.reservation is not None:  # a queue to PBS: asking for it is asking for that queue
        queue = resources.reservation.partition(".")[0]
        resources = resources.model_copy(update={"queue": queue})
    always = [f"-N {header.name}", "-S /bin/sh", "-m n"]
    others: list[str] = []
    if dialect is Dialect.WRAPPERS:  # sbatch reads `#PBS -r` and forgets it; it exports all
        requeue = "--requeue" if resources.requeue else "--no-requeue"
        others = ["#SBATCH --export=NONE", f"#SBATCH {requeue}"]
    else:  # OpenPBS takes no arrays but those that may be run again
        again = resources.requeue or (header.array and dialect is Dialect.OPENPBS)
        always.append("-r y" if again else "-r n")
    if resources.given().keys() & _SHAPE:
        always += _select(resources) if dialect is Dialect.OPENPBS else _nodes(dialect, resources)
    return others + LANGUAGE.written(resources, *always)


_NAMES = {
    Dialect.OPENPBS: "PBS",
    Dialect.TORQUE: "Torque",
    Dialect.WRAPPERS: "Slurm's qsub",
}
_LACKS = {
    Dialect.OPENPBS: ("qos", "gpu_type"),
    Dialect.TORQUE: ("qos", "gpu_type", "reservation"),
    Dialect.WRAPPERS: ("qos", "gpu_type", "reservation", "constraint", "exclusive"),
}
_INSTEAD = {
    "qos": "name a queue with `queue`; queues are what PBS sets priorities and limits by",
    "gpu_type": "name a queue with `queue`, or with `constraint` or `native` by a resource of the"
    " site's own",
    "reservation": "name a queue with `queue`, or write the scheduler's own with `native`",
}


def _refuse(dialect: Dialect, resources: Resources) -> None:
    """Refuse what this dialect has no word for."""
    for name in _LACKS[dialect]:
        if getattr(resources, name):
            hint = _INSTEAD.get(name, "")
            if dialect is Dialect.WRAPPERS:
                hint = "use `backend: slurm` for this machine"
            raise UnsupportedResource(f"{_NAMES[dialect]} has no word for `{name}`", hint=hint)


def _layout(resources: Resources, *, spread: bool) -> Layout:
    """Where the tasks go. With `spread`, tasks of no particular node are chunks of their own."""
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
            f"`tasks` is {tasks} and `nodes` {nodes}: PBS gives no node without a task",
            hint=f"ask for nodes={tasks}",
        )
    if each is not None and few + bool(more) > each:
        raise UnsupportedResource(
            f"{tasks} `tasks` do not fit on {nodes} `nodes` with {each} `tasks_per_node`",
            hint=f"ask for nodes={-(-tasks // each)}",
        )
    return [(count, on) for count, on in ((more, few + 1), (nodes - more, few)) if count]


def _features(resources: Resources, valued: str) -> list[str]:
    """Features that nodes must have, all of them; `valued` is put after a bare name."""
    if resources.constraint is None:
        return []
    names = re.split(r"[&:,]", resources.constraint)
    if not all(re.fullmatch(r"[\w.-]+(=[\w.+-]+)?", name) for name in names):
        raise UnsupportedResource(
            f"`constraint` cannot be {resources.constraint!r} for PBS",
            hint="write resources of nodes like `NAME=VALUE&NAME`, all of which must fit",
        )
    return [name if "=" in name else f"{name}{valued}" for name in names]


def _select(resources: Resources) -> list[str]:
    """`-l select`, and `place` where nodes are to be different ones or nobody else's."""
    cpus = resources.cpus_per_task or 1
    layout = _layout(resources, spread=True)
    chunks = []
    for count, tasks in layout:
        words = [str(count), f"ncpus={tasks * cpus}", f"mpiprocs={tasks}"]
        if tasks > 1:  # else PBS sets OMP_NUM_THREADS to all the CPUs, for each of the tasks
            words.append(f"ompthreads={cpus}")
        memory = resources.memory or (resources.memory_per_cpu or 0) * tasks * cpus
        words += [f"mem={mebibytes(memory, 'mb')}"] if memory else []
        words += [f"ngpus={resources.gpus_per_node}"] if resources.gpus_per_node else []
        chunks.append(":".join([*words, *_features(resources, "=True")]))
    own_nodes = resources.nodes is not None or resources.tasks_per_node is not None
    apart = own_nodes and sum(count for count, _ in layout) > 1
    place = [*(["scatter"] if apart else []), *(["exclhost"] if resources.exclusive else [])]
    lines = [f"-l select={'+'.join(chunks)}"]
    return [*lines, f"-l place={':'.join(place)}"] if place else lines


def _nodes(dialect: Dialect, resources: Resources) -> list[str]:
    """`-l nodes`, and memory: for a whole job if it has one node, else for each process."""
    cpus = resources.cpus_per_task or 1
    layout = _layout(resources, spread=False)
    parts = []
    for count, tasks in layout:
        words = [str(count), f"ppn={tasks * cpus}"]
        words += [f"gpus={resources.gpus_per_node}"] if resources.gpus_per_node else []
        parts.append(":".join([*words, *_features(resources, "")]))
    lines = [f"-l nodes={'+'.join(parts)}", *(["-n"] if resources.exclusive else [])]
    return lines + _memory(dialect, resources, layout, cpus)


def _memory(dialect: Dialect, resources: Resources, layout: Layout, cpus: int) -> list[str]:
    most = max(tasks for _, tasks in layout) * cpus
    each = resources.memory_per_cpu
    if dialect is Dialect.WRAPPERS:  # mem becomes sbatch's --mem, which is for each node
        node = resources.memory if each is None else each * most
        return [f"-l mem={mebibytes(node, 'mb')}"] if node is not None else []
    if resources.memory is not None and sum(count for count, _ in layout) == 1:
        return [f"-l mem={mebibytes(resources.memory, 'mb')}"]
    if resources.memory is not None:
        each = -(-resources.memory // most)
    return [f"-l pmem={mebibytes(each, 'mb')}"] if each is not None else []
