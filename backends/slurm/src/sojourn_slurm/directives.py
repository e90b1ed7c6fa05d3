"""Resource words as `#SBATCH` lines, and the directives of existing scripts."""

import re
from collections.abc import Collection, Sequence

from sojourn.batch.directives import Language, Written
from sojourn.batch.options import quoted
from sojourn.batch.scheduler import Header, ScriptParts
from sojourn.batch.units import mebibytes
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources
from sojourn_slurm.site import Site


def clock(seconds: int) -> str:
    """Seconds as `D-HH:MM:SS`, rounded up to minutes, as Slurm counts time."""
    minutes = -(-seconds // 60)
    return f"{minutes // 1440}-{minutes // 60 % 24:02}:{minutes % 60:02}:00"


OPTIONS: dict[str, Written] = {
    "nodes": "--nodes={}",
    "tasks": "--ntasks={}",
    "tasks_per_node": "--ntasks-per-node={}",
    "cpus_per_task": "--cpus-per-task={}",
    "memory": ("--mem={}", mebibytes),
    "memory_per_cpu": ("--mem-per-cpu={}", mebibytes),
    "walltime": ("--time={}", clock),
    "queue": "--partition={}",
    "account": "--account={}",
    "qos": "--qos={}",
    "reservation": "--reservation={}",
    "constraint": "--constraint={}",
}
"""Words that are one option with a value."""

OTHERS = ("gpus_per_node", "gpu_type", "exclusive", "requeue", "native")
"""Words that `directives` treats one by one."""

_MEMORY = frozenset({"memory", "memory_per_cpu"})
_GPUS = frozenset({"gpus_per_node", "gpu_type"})
_OURS = (
    *("job-name", "output", "error", "input", "chdir", "workdir", "array", "dependency"),
    *("export-file", "get-user-env", "clusters", "cluster", "parsable", "wrap", "test-only"),
    *("wait", "open-mode", "ignore-pbs"),
    *("requeue", "no-requeue"),  # decides what job.sh does, so it is said in one place
)
_SHORT = {
    **{"J": "job-name", "o": "output", "e": "error", "i": "input", "D": "chdir", "a": "array"},
    **{"d": "dependency", "M": "clusters", "W": "wait", "N": "nodes", "n": "ntasks"},
    **{"c": "cpus-per-task", "t": "time", "p": "partition", "A": "account", "q": "qos"},
    **{"C": "constraint", "G": "gpus", "s": "oversubscribe"},
}

LANGUAGE = Language(
    command="sbatch",
    marks=("#SBATCH", "#SLURM"),
    example="--nice=100",
    options=OPTIONS,
    ours=frozenset(f"--{name}" for name in _OURS),
    without={"--array": "it runs once, and is no task of an array: SLURM_ARRAY_TASK_ID is not set"},
    needed={
        "--dependency": "submit the jobs as one workflow, in which each waits for those whose"
        " output it takes"
    },
    says={
        **dict.fromkeys(("--mem", "--mem-per-cpu", "--mem-per-gpu"), _MEMORY),
        **dict.fromkeys(("--gpus", "--gpus-per-node", "--gpus-per-task"), _GPUS),
        **dict.fromkeys(("--gpus-per-socket", "--gres gpu"), _GPUS),
        "--tasks-per-node": frozenset({"tasks_per_node"}),
        "--time-min": frozenset({"walltime"}),
        "--signal": frozenset(),  # no word says it; `warning` looks for it
        "--export": frozenset(),  # no word says it, and it is no abbreviation of --export-file
        **dict.fromkeys(("--exclusive", "--oversubscribe", "--share"), frozenset({"exclusive"})),
    },
    short={f"-{letter}": f"--{name}" for letter, name in _SHORT.items()},
    lists={"--gres": ":"},  # it may ask for other things than GPUs
    comments=True,
)


def directives(site: Site, resources: Resources, header: Header) -> list[str]:
    """The directive lines of job.sh, `native` ones last.

    The job gets the environment of a fresh login, not that of whoever submits, unless `native`
    or the script says otherwise. SLURM_EXPORT_ENV is NONE then, which would leave what srun
    starts without an environment: job.sh must export SLURM_EXPORT_ENV=ALL before it runs the
    command.
    """
    return LANGUAGE.written(
        resources,
        f"--job-name={header.name}",
        *_places(header),
        "--export=NONE",
        "--requeue" if resources.requeue else "--no-requeue",
        *_gpus(resources, site.facts.get("SelectType", "")),
        *(["--exclusive"] if resources.exclusive else []),
    )


def _places(header: Header) -> list[str]:
    """The working directory, and the file in it for both streams of the script itself."""
    directory, name = header.directory, "slurm-%A_%a.out" if header.array else "slurm-%j.out"
    if "\n" in directory:  # breaks the line; sbatch is called there, and takes it from that
        return [f"--output={name}"]
    if "\\" in directory:  # with one in a path, Slurm replaces nothing in it
        path = directory.replace("\\", "\\\\") + "/slurm.out"
        return [f"--chdir={quoted(directory)}", f"--output={quoted(path)}", "--open-mode=append"]
    path = f"{directory.removesuffix('/').replace('%', '%%')}/{name}"
    return [f"--chdir={quoted(directory)}", f"--output={quoted(path)}"]


def _gpus(resources: Resources, select: str) -> list[str]:
    if resources.gpu_type is not None and resources.gpus_per_node is None:
        raise UnsupportedResource("`gpu_type` needs `gpus_per_node`, which is not given")
    if not resources.gpus_per_node:
        return []
    kind = f"{resources.gpu_type}:" if resources.gpu_type is not None else ""
    text = quoted(f"{kind}{resources.gpus_per_node}")
    # Only select/cons_tres knows --gpus-per-node, and --gres is one option for all kinds.
    if select and select != "select/cons_tres":
        return [f"--gres=gpu:{text}"]
    return [f"--gpus-per-node={text}"]


_SIGNALS = {"1": "HUP", "2": "INT", "3": "QUIT", "10": "USR1", "12": "USR2", "14": "ALRM"}
_SIGNALS |= {"15": "TERM", "18": "CONT", "23": "URG", "24": "XCPU"}
"""Those that can be caught, by the numbers that they have in Linux."""
_WARNING = re.compile(r"R?B+R?:(?:SIG)?(\w+)(?:@\d+)?", re.IGNORECASE)


def warning(directives: Sequence[str]) -> str:
    """The signal that `--signal=B:...` asks to be sent to the batch script alone."""
    options = LANGUAGE.options_of("\n".join(directives))
    asked = [option.value for option in options if option.name == "--signal"]
    found = _WARNING.fullmatch(asked[-1]) if asked else None
    name = found[1].upper() if found is not None else ""
    return _SIGNALS.get(name, name if name in _SIGNALS.values() else "")


def split(text: str, explicit: Collection[str]) -> ScriptParts:
    """The directives of an existing script.

    Raises:
        UnsupportedResource: a heterogeneous job, or a script that sbatch does not take.
    """
    if text and not text.startswith("#!"):
        raise UnsupportedResource(
            "the script does not begin with #!, and sbatch takes no script without it",
            hint="let its first line name the interpreter, as in #!/bin/sh",
        )
    words = {option.words[0].lower() for option in LANGUAGE.options_of(text)}
    if words & {"hetjob", "packjob"}:
        raise UnsupportedResource(
            "the script asks for a heterogeneous job (hetjob)",
            hint="ask for one set of resources, or for jobs that depend on each other",
        )
    return LANGUAGE.split(text, explicit)
