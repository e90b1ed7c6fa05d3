"""Taking the directives of an existing Slurm script apart."""

import re
import shlex
from collections.abc import Iterator

from sojourn.batch.scheduler import ScriptParts
from sojourn.errors import UnsupportedResource
from sojourn_slurm.directives import OPTIONS, OURS, SHORT, quoted

_MEMORY = frozenset({"memory", "memory_per_cpu"})
_GPUS = frozenset({"gpus_per_node", "gpu_type"})
WORDS: dict[str, frozenset[str]] = {
    **{option[2:]: frozenset({word}) for word, (option, _) in OPTIONS.items()},
    **dict.fromkeys(("mem", "mem-per-cpu", "mem-per-gpu"), _MEMORY),
    **dict.fromkeys(("gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket"), _GPUS),
    "gres": _GPUS,
    "tasks-per-node": frozenset({"tasks_per_node"}),
    "time-min": frozenset({"walltime"}),
    **dict.fromkeys(("exclusive", "oversubscribe", "share"), frozenset({"exclusive"})),
}
"""Options of sbatch -> the resource words that say the same: given, they replace the option."""

# Whether a job may be started again decides what job.sh does, so it is said in one place.
_OURS = OURS | {"requeue", "no-requeue"}
_FLAGS = _OURS & {"parsable", "test-only", "wait", "requeue", "no-requeue", "ignore-pbs"}

_DIRECTIVE = re.compile(r"#(?:SBATCH|SLURM)\b(.*)")
_FOREIGN = re.compile(r"#(?:PBS|BSUB|COBALT|OAR|FLUX:|PJM|\$ -|@ )")
_HETEROGENEOUS = re.compile(r"\s*(?:hetjob|packjob)\s*$", re.IGNORECASE)


def split(text: str, explicit: frozenset[str]) -> ScriptParts:
    """The directives before the first command, as sbatch finds them.

    Raises:
        UnsupportedResource: a heterogeneous job.
    """
    kept: list[str] = []
    dropped: list[str] = []
    foreign: list[str] = []
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            break
        match = _DIRECTIVE.match(line)
        if match is None:
            foreign += [line] if _FOREIGN.match(line) else []
        elif _HETEROGENEOUS.match(match[1]):
            raise UnsupportedResource(
                "the script asks for a heterogeneous job (hetjob)",
                hint="ask for one set of resources, or for jobs that depend on each other",
            )
        else:
            kept += _keep(match[1], explicit, dropped)
    return ScriptParts(tuple(kept), tuple(dropped), tuple(foreign))


def _keep(text: str, explicit: frozenset[str], dropped: list[str]) -> list[str]:
    """What is left of one line, as whole lines; what is ours is added to `dropped`."""
    try:
        tokens = shlex.split(text, comments=True)
    except ValueError:  # a quote without its end: sbatch says so better
        return [f"#SBATCH{text}"]
    left, whole = [], True
    for name, words in options(tokens):
        if name in _OURS:
            dropped.append(shlex.join(words))
            whole = False
        elif WORDS.get(name, frozenset()) & explicit and _says(name, words):
            whole = False
        else:
            left += words
    if whole:
        return [f"#SBATCH{text}"] if left else []
    return [f"#SBATCH {' '.join(quoted(word) for word in left)}"] if left else []


def _says(name: str, words: list[str]) -> bool:
    """Whether an option is about its words at all: --gres may ask for other things than GPUs."""
    return name != "gres" or "gpu" in words[-1]


def options(tokens: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option's full name with the tokens that it takes up."""
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.startswith("--"):
            name, equals, _ = token[2:].partition("=")
            name, complete = _full(name), bool(equals)
        elif token.startswith("-") and len(token) > 1:
            name, complete = SHORT.get(token[1], token[1]), len(token) > 2
        else:
            name, complete = "", True
        words = [token]
        follows = position < len(tokens) and not tokens[position].startswith("-")
        if not complete and follows and name not in _FLAGS:
            words.append(tokens[position])
            position += 1
        yield name, words


def _full(name: str) -> str:
    """The option that an abbreviation stands for, as far as it matters here."""
    known = WORDS.keys() | _OURS
    if name in known or len(name) < 3:
        return name
    meant = sorted(long for long in known if long.startswith(name))
    kinds = {WORDS.get(long, "ours") for long in meant}
    return meant[0] if len(kinds) == 1 else name
