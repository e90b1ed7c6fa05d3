"""Taking the directives of an existing PBS script apart."""

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sojourn.batch.scheduler import ScriptParts
from sojourn_pbs.geometry import GEOMETRY, understood

_FLAGS = frozenset("fhInVXz")
"""Options that take no value."""

_OURS = frozenset("CDINJRSXdefjkortwz")
"""Options that a job of ours sets for itself (name, output, directory, array, restarts, shell),
or that would change what qsub answers."""

_OUR_ATTRIBUTES = frozenset({"block", "depend", "interactive", "sandbox", "umask"})

_DIRECTIVE = re.compile(r"#PBS(?=[\s-])\s*(.*)")
_FOREIGN = re.compile(r"#(?:SBATCH|BSUB|COBALT|OAR|FLUX:|MSUB|PJM|\$ -|@ )")

_WORDS = {
    "-q": frozenset({"queue", "reservation"}),
    "-A": frozenset({"account"}),
    "walltime": frozenset({"walltime"}),
}
"""What a directive asks for -> the resource words that say the same: given, they replace it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of qsub. `-l` and `-W` are taken apart at their commas: one thing each."""

    flag: str
    value: str = ""

    @property
    def name(self) -> str:
        """What it sets: `-q`, or `walltime` of `-l walltime=1:00:00`."""
        return self.value.partition("=")[0] if self.flag in ("-l", "-W") else self.flag

    @property
    def ours(self) -> bool:
        """Whether it is Sojourn's to set."""
        if self.flag == "-W":
            return self.name in _OUR_ATTRIBUTES
        return len(self.flag) == 2 and self.flag[1] in _OURS

    def __str__(self) -> str:
        value = f'"{self.value}"' if re.search(r"\s", self.value) else self.value
        return f"{self.flag} {value}".rstrip()


def options(text: str) -> list[Option]:
    """The options of one line, as far as it can be read.

    Raises:
        ValueError: a quote has no end.
    """
    tokens = iter(shlex.split(text))
    found: list[Option] = []
    for token in tokens:
        flag, value = token[:2], token[2:]
        if re.fullmatch(r"-[a-zA-Z]", flag) is None:  # qsub will say so better
            found.append(Option(token))
            continue
        if not value and flag[1] not in _FLAGS:
            value = next(tokens, "")
        parts = re.split(r",(?=[\w.]+(?:=|,|$))", value) if flag in ("-l", "-W") else [value]
        found += [Option(flag, part) for part in parts]
    return found


def split(text: str, explicit: frozenset[str]) -> ScriptParts:
    """The directives before the first command, as qsub finds them.

    A line is kept as it stands unless something in it is ours, or replaced by an explicit word.
    PBS has one expression for nodes, tasks, CPUs, memory and GPUs: if a word for one of them is
    given, what the script asks for in all of them becomes words, over which the given one wins.

    Raises:
        UnsupportedResource: such an expression that words cannot say.
    """
    kept: list[tuple[str, list[Option]]] = []
    foreign: list[str] = []
    for line in _head(text):
        match = _DIRECTIVE.match(line)
        if match is not None:
            kept.append((line, _read(match[1])))
        elif _FOREIGN.match(line):
            foreign.append(line)
    dropped = [str(option) for _, line in kept for option in line if option.ours]
    asked = [option.value for _, line in kept for option in line if option.flag == "-l"]
    words = understood(asked, explicit)
    replaced = {name for name, said in _WORDS.items() if said & explicit}
    replaced |= GEOMETRY.keys() if words is not None else set()
    lines = [_left(line, found, replaced) for line, found in kept]
    return ScriptParts(tuple(line for line in lines if line), tuple(dropped), tuple(foreign), words)


def _head(text: str) -> Iterator[str]:
    """The lines in which qsub looks for directives."""
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith(("#", ":")):
            return
        yield line


def _read(text: str) -> list[Option]:
    try:
        return options(text)
    except ValueError:
        return [Option(text)]


def _left(line: str, found: Iterable[Option], replaced: set[str]) -> str:
    """What is left of a line, "" if nothing is."""
    found = list(found)
    left = [option for option in found if not option.ours and option.name not in replaced]
    if left == found:
        return line if found else ""
    return f"#PBS {' '.join(str(option) for option in left)}" if left else ""
