"""From resource words to `#SBATCH` lines."""

import re
from collections.abc import Callable

from sojourn.batch.scheduler import Header
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources

MEBIBYTE = 1024**2


def mebibytes(size: int) -> str:
    """Bytes as Slurm counts memory, rounded up."""
    return f"{-(-size // MEBIBYTE)}M"


def clock(seconds: int) -> str:
    """Seconds as `D-HH:MM:SS`, rounded up to minutes, as Slurm counts time."""
    minutes = -(-seconds // 60)
    return f"{minutes // 1440}-{minutes // 60 % 24:02}:{minutes % 60:02}:00"


OPTIONS: dict[str, tuple[str, Callable[[int], str] | None]] = {
    "nodes": ("--nodes", None),
    "tasks": ("--ntasks", None),
    "tasks_per_node": ("--ntasks-per-node", None),
    "cpus_per_task": ("--cpus-per-task", None),
    "memory": ("--mem", mebibytes),
    "memory_per_cpu": ("--mem-per-cpu", mebibytes),
    "walltime": ("--time", clock),
    "queue": ("--partition", None),
    "account": ("--account", None),
    "qos": ("--qos", None),
    "reservation": ("--reservation", None),
    "constraint": ("--constraint", None),
}
"""Words that are one option with a value, and how to write the value."""

OTHERS = ("gpus_per_node", "gpu_type", "exclusive", "requeue", "native")
"""Words that `directives` treats one by one."""

OURS = frozenset(
    {
        *("job-name", "output", "error", "input", "chdir", "workdir", "array", "dependency"),
        *("export", "export-file", "get-user-env", "clusters", "cluster", "parsable", "wrap"),
        *("test-only", "wait", "open-mode", "ignore-pbs"),
    }
)
"""Options that a job of ours sets for itself, or that would change what sbatch answers."""

SHORT = {
    **{"J": "job-name", "o": "output", "e": "error", "i": "input", "D": "chdir", "a": "array"},
    **{"d": "dependency", "M": "clusters", "W": "wait", "N": "nodes", "n": "ntasks"},
    **{"c": "cpus-per-task", "t": "time", "p": "partition", "A": "account", "q": "qos"},
    **{"C": "constraint", "G": "gpus", "s": "oversubscribe"},
}
"""One-letter options that stand for one of those that matter here."""


def directives(resources: Resources, header: Header, select: str = "") -> list[str]:
    """The directive lines of job.sh; `select` is the site's SelectType, if known.

    The job gets the environment of a fresh login, not that of whoever submits. SLURM_EXPORT_ENV
    is NONE then, which would leave what srun starts without an environment: job.sh must export
    SLURM_EXPORT_ENV=ALL before it runs the command.
    """
    options = [
        f"--job-name={header.name}",
        *_places(header),
        "--export=NONE",
        "--requeue" if resources.requeue else "--no-requeue",
    ]
    if resources.memory is not None and resources.memory_per_cpu is not None:
        raise UnsupportedResource(
            "Slurm takes either `memory` or `memory_per_cpu`, and both are given",
            hint="leave one out; it may come from the machine's defaults",
        )
    for word, (option, written) in OPTIONS.items():
        value = getattr(resources, word)
        if value is not None:
            options.append(f"{option}={quoted(written(value) if written else str(value))}")
    options += _gpus(resources, select)
    if resources.exclusive:
        options.append("--exclusive")
    lines = [f"#SBATCH {option}" for option in options]
    return lines + [_native(raw) for raw in resources.native]  # last, so that they win


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


def _native(raw: str) -> str:
    text = raw.removeprefix("#SBATCH").strip()
    if not re.match(r"--?\w", text):
        raise UnsupportedResource(
            f"`native` takes options of sbatch, not {raw!r}", hint="write it like '--nice=100'"
        )
    name = re.split(r"[=\s]", text.lstrip("-"), maxsplit=1)[0]
    name = name if text.startswith("--") else SHORT.get(name[0], name)
    if name in OURS:
        raise UnsupportedResource(f"`native` cannot set --{name}: that is Sojourn's own to set")
    return f"#SBATCH {text}"


def quoted(text: str) -> str:
    """A value as sbatch reads it in a directive: no shell is involved."""
    if re.fullmatch(r"[\w@%+=:,./&|*()!?~^{}\[\]-]+", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
