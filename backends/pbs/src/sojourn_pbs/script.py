"""PBS's directives as a table, and those of existing scripts."""

import re
from dataclasses import replace
from shlex import join

from sojourn.batch.directives import Language
from sojourn.batch.scheduler import Conversation, ScriptParts
from sojourn.batch.units import clock
from sojourn_pbs.dialects import Site
from sojourn_pbs.geometry import GEOMETRY, understood
from sojourn_pbs.listing import records

_ATTRIBUTES = ("block", "depend", "interactive", "sandbox", "umask")


def _one_word(value: str) -> str:
    if re.fullmatch(r"[\w.@+-]+", value) is None:
        raise ValueError("PBS takes one word")
    return value


_ONCE = "it runs once, and is no task of an array: PBS_ARRAY_INDEX is not set"

LANGUAGE = Language(
    command="qsub",
    marks=("#PBS",),
    example="-p 100",
    options={
        "walltime": ("-l walltime={}", clock),  # a bare number means minutes to some
        "queue": ("-q {}", _one_word),
        "account": ("-A {}", _one_word),
    },
    # Name, output, directory, array, restarts, shell, and what would change qsub's answer.
    ours=frozenset(
        {*(f"-{one}" for one in "CDINJRSXdefjkortwz"), *(f"-W {one}" for one in _ATTRIBUTES)}
    ),
    without={"-J": _ONCE, "-t": _ONCE},
    needed={
        "-W depend": "submit the jobs as one workflow, in which each waits for those whose output"
        " it takes"
    },
    says={"-q": frozenset({"queue", "reservation"})},
    lists={"-l": "=", "-W": "="},
    valued=frozenset({"-W"}),
    indented=True,
    passed=("#", ":"),
)


def vanished(site: Site, script: str) -> Conversation[str]:
    """PBS accepts a job into a routing queue, and drops it when no destination takes it."""
    asked = [one.value for one in LANGUAGE.options_of(script) if one.name == "-q"]
    name = asked[-1] if asked else site.facts.get("default_queue", "")
    result = yield join(["qstat", "-Q", "-f", name]) if name else "true"
    queue = next(iter(records(result.stdout)), None)
    if queue is None or queue.get("queue_type") != "Route":
        return ""
    return (
        f"{name} is a routing queue, which drops a job that all of its destinations"
        f" ({queue.get('route_destinations')}) reject; `qstat -Q -f` shows what they allow"
    )


def split(text: str, explicit: frozenset[str]) -> ScriptParts:
    """The directives of an existing script.

    PBS has one expression for nodes, tasks, CPUs, memory and GPUs: if a word for one of them is
    given, what the script asks for in all of them becomes words, over which the given one wins.

    Raises:
        UnsupportedResource: such an expression that words cannot say.
    """
    options = LANGUAGE.options_of(text)
    words = understood([one.value for one in options if one.name.startswith("-l ")], explicit)
    replaced = [f"-l {name}" for name in GEOMETRY] if words is not None else []
    return replace(LANGUAGE.split(text, explicit, replaced), resources=words)
