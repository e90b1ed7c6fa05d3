"""From resource words to `#PBS` lines.

OpenPBS: `select` chunks, each a share of one node. Torque: `nodes=N:ppn=M`.
"""

import re

from sojourn.batch.chunks import chunks
from sojourn.batch.refusing import refuse
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

_ALWAYS = {
    "qos": "name a queue with `queue`; queues are what PBS sets priorities and limits by",
    "gpu_type": "name a queue with `queue`, or with `constraint` or `native` by a resource of the"
    " site's own",
}
_RESERVATION = "name a queue with `queue`, or write the scheduler's own with `native`"
_SLURMS = ("qos", "gpu_type", "reservation", "constraint", "exclusive")
_LACKS: dict[Dialect, tuple[str, dict[str, str]]] = {
    Dialect.OPENPBS: ("PBS", _ALWAYS),
    Dialect.TORQUE: ("Torque", {**_ALWAYS, "reservation": _RESERVATION}),
    Dialect.WRAPPERS: (
        "Slurm's qsub",
        dict.fromkeys(_SLURMS, "use `backend: slurm` for this machine"),
    ),
}
"""What each is called, and the words that it lacks, with what to do instead."""


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
    refuse(resources, *_LACKS[dialect])
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
    nodes = chunks(resources, spread=True)
    parts = []
    for one in nodes:
        words = [f"{one.count}:ncpus={one.cpus}:mpiprocs={one.tasks}"]
        if one.tasks > 1:  # else PBS sets OMP_NUM_THREADS to all the CPUs, for each of the tasks
            words.append(f"ompthreads={one.cpus // one.tasks}")
        words += [f"mem={mebibytes(one.memory, 'mb')}"] if one.memory else []
        words += [f"ngpus={resources.gpus_per_node}"] if resources.gpus_per_node else []
        parts.append(":".join([*words, *_features(resources, "=True")]))
    own_nodes = resources.nodes is not None or resources.tasks_per_node is not None
    apart = own_nodes and sum(one.count for one in nodes) > 1
    place = [*(["scatter"] if apart else []), *(["exclhost"] if resources.exclusive else [])]
    lines = [f"-l select={'+'.join(parts)}"]
    return [*lines, f"-l place={':'.join(place)}"] if place else lines


def _nodes(dialect: Dialect, resources: Resources) -> list[str]:
    """`-l nodes`, and memory: for a whole job if it has one node, else for each process."""
    nodes = chunks(resources, spread=False)
    gpus = [f"gpus={resources.gpus_per_node}"] if resources.gpus_per_node else []
    shares = [*gpus, *_features(resources, "")]
    parts = [":".join([f"{one.count}:ppn={one.cpus}", *shares]) for one in nodes]
    lines = [f"-l nodes={'+'.join(parts)}", *(["-n"] if resources.exclusive else [])]
    largest = max(nodes, key=lambda one: one.cpus)
    if largest.memory is None:
        return lines
    alone = resources.memory is not None and sum(one.count for one in nodes) == 1
    if alone or dialect is Dialect.WRAPPERS:  # where it becomes sbatch's --mem, for each node
        return [*lines, f"-l mem={mebibytes(largest.memory, 'mb')}"]
    return [*lines, f"-l pmem={mebibytes(-(-largest.memory // largest.cpus), 'mb')}"]
