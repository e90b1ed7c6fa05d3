"""The directories of `fetch -o`: a name for each job, from a template or without one. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import Formatter

from sojourn.errors import UsageError
from sojourn.nearest import did_you_mean
from sojourn.store.plans import Membership
from sojourn.store.records import JobRecord

_LONGEST = 100

Places = Callable[[JobRecord], Sequence[Membership]]
"""The places of a job in workflows."""


@dataclass(frozen=True, slots=True)
class Named:
    """A job, and the place that its name is made of: `node` is its path in the workflow."""

    job: JobRecord
    workflow: str
    step: str
    node: str

    @property
    def index(self) -> int:
        """Which item of a map it is, or which call of its function; both from 0."""
        item = re.search(r"\[(\d+)\][^\[]*$", self.node)
        call = re.search(r"#(\d+)$", self.node)
        if item is not None:
            return int(item[1])
        return int(call[1]) - 1 if call is not None else 0


FIELDS: Mapping[str, tuple[str, Callable[[Named], str | int]]] = {
    "name": ("the job's name", lambda one: one.job.name),
    "workflow": ("its workflow", lambda one: one.workflow),
    "step": ("the function that made it", lambda one: one.step),
    "index": (
        "which item of a map it is, or which call of its step: a number from 0",
        lambda one: one.index,
    ),
    "node": ("its place in the workflow", lambda one: one.node),
    "machine": ("where it ran", lambda one: one.job.machine),
    "attempt": ("the number of the attempt", lambda one: one.job.attempt),
    "signature": ("its signature; {signature:.8} is short", lambda one: one.job.signature),
}
"""What may stand in braces, with what it means and how it is found out."""


@dataclass(frozen=True, slots=True)
class Directories:
    """Where results go: `names` are directories below `top`, by signature."""

    top: Path
    names: Mapping[str, str]

    def place(self, signature: str) -> Path:
        """A job's directory."""
        return self.top / self.names[signature]


def directories(
    target: Path, jobs: Sequence[JobRecord], places: Places, workflow: str | None = None
) -> Directories:
    """A directory for each job. Without a field in `target`, that is `target` itself for a single
    job, and one below it with the job's name for each of several.

    Raises:
        UsageError: an unknown field, a job without what a field asks for, or two jobs that would
            get the same directory.
    """
    distinct = list({job.signature: job for job in jobs}.values())
    top, template = _split(target)
    if template:
        used = _check(template)
        named = [_named(job, places(job), workflow) for job in distinct]
        names = {one.job.signature: _filled(template, one, used) for one in named}
        _refuse_collisions(names, named, str(target))
    elif len(distinct) == 1:
        names = {distinct[0].signature: ""}
    else:
        names = _plain_names(distinct)
    return Directories(top, names)


def _split(target: Path) -> tuple[Path, str]:
    """What comes before the first part with a field, and the rest."""
    parts = target.parts
    at = next((n for n, part in enumerate(parts) if "{" in part or "}" in part), len(parts))
    return Path(*parts[:at]), "/".join(parts[at:])


def _check(template: str) -> list[str]:
    """The fields of a template."""
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise UsageError(
            f"-o {template!r}: {error}", hint="write a brace that is part of a name twice: {{ or }}"
        ) from None
    used = [field for _, field, _, _ in parsed if field is not None]
    for field in used:
        if field not in FIELDS:
            raise UsageError(
                f"-o {template!r}: unknown field {{{field}}}",
                hint=did_you_mean(field, FIELDS, what="fields are"),
            )
    return used


def _filled(template: str, named: Named, used: Sequence[str]) -> str:
    short = named.job.signature[:8]
    values: dict[str, str | int] = {}
    for field in used:
        value = FIELDS[field][1](named)
        values[field] = value if isinstance(value, int) else plain_word(value)
        if values[field] == "":
            raise UsageError(
                f"job {short} has no {field}, which -o {template!r} asks for",
                hint="use another field, such as {name} or {signature:.8}",
            )
    try:
        filled = template.format_map(values)
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise UsageError(f"-o {template!r}: {error}") from None
    if ".." in PurePosixPath(filled).parts:
        raise UsageError(f"-o {template!r}: .. after a field leads nobody knows where")
    return filled


def _named(job: JobRecord, places: Sequence[Membership], workflow: str | None) -> Named:
    wanted = workflow or job.workflow
    ranked = sorted(places, key=lambda one: (one.workflow != wanted, not one.current, one.node))
    if not ranked:
        return Named(job, job.workflow, job.step, job.name)
    return Named(job, ranked[0].workflow, ranked[0].step, ranked[0].node)


def _refuse_collisions(names: Mapping[str, str], named: Sequence[Named], target: str) -> None:
    """Refuse a name that two jobs have. None is inside another: all have as many parts."""
    jobs = {one.job.signature: one.job for one in named}
    taken: dict[str, str] = {}
    for signature, name in names.items():
        if name in taken:
            _collide(jobs[taken[name]], jobs[signature], name, target)
        taken[name] = signature


def _collide(one: JobRecord, other: JobRecord, name: str, target: str) -> None:
    first, second = (
        f"{job.signature[:8]} ({job.name})" if job.name else job.signature[:8]
        for job in (one, other)
    )
    raise UsageError(
        f"-o {target!r} puts jobs {first} and {second} into the same directory {name!r}",
        hint="add a field that tells them apart, such as {index}, {node} or {signature:.8}",
    )


def _plain_names(jobs: Sequence[JobRecord]) -> dict[str, str]:
    """The jobs' names; with a part of the signature where that is needed to tell them apart."""
    words = {job.signature: plain_word(job.name or job.step) for job in jobs}
    uses = Counter(word.casefold() for word in words.values())
    return {
        signature: word
        if word and uses[word.casefold()] == 1
        else "-".join(filter(None, (word, signature[:8])))
        for signature, word in words.items()
    }


def plain_word(text: str) -> str:
    """`text` as one harmless directory name: `fit[3]` is `fit-3`."""
    word = re.sub(r"\[(\d+)\]", r"-\1", text)
    return re.sub(r"[^\w.+-]+", "_", word)[:_LONGEST].strip("._-")
