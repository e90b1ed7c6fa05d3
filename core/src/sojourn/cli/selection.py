"""Which jobs are meant: the one place that reads a SIG and the options beside it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sojourn.cli.amounts import count
from sojourn.cli.output import note
from sojourn.defaults import SIGNATURE_PREFIX
from sojourn.errors import AmbiguousSignature, NoSuchJob, UsageError
from sojourn.states import ACTIVE, FINAL, State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.store.jobs import Jobs
    from sojourn.store.store import Store

ENDED_BADLY: frozenset[State] = FINAL - {State.COMPLETED}
"""Final states other than COMPLETED."""

STATE_WORDS: dict[str, frozenset[State]] = {
    "ACTIVE": ACTIVE,
    "FINAL": FINAL,
    **{state.value: frozenset({state}) for state in State},
}
"""What `--state` takes; ACTIVE and FINAL stand for several."""

_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """Jobs by signature, or by what they belong to; both together narrow the named ones."""

    signatures: tuple[str, ...] = ()
    workflow: str | None = None
    step: str | None = None
    states: frozenset[State] | None = None
    machine: str | None = None
    all_generations: bool = False
    """Whether a workflow stands for more than the jobs of its last run."""

    @property
    def empty(self) -> bool:
        """Whether nothing was said at all."""
        given = (self.workflow, self.step, self.states, self.machine)
        return not self.signatures and all(one is None for one in given)

    def with_all_generations(self) -> "Choice":
        """The same, whatever the last run of the workflow has."""
        return replace(self, all_generations=True)


def several(
    store: "Store", choice: Choice, *, otherwise: Collection[State] | None = None
) -> list[JobRecord]:
    """The jobs that are meant, each once. Says how many superseded ones are left aside.

    `otherwise` are the states that count where neither a signature nor a state was given.

    Raises:
        UsageError: nothing was said, or there is no such workflow.
        NoSuchJob, AmbiguousSignature: a signature stands for no job, or for several.
    """
    if choice.empty:
        raise UsageError(
            "no job is named",
            hint="name some by signature, or choose with --workflow, --step, --state, --machine",
        )
    if choice.signatures:
        named = [job for text in choice.signatures for job in _resolve(store, text, choice.machine)]
        return _narrowed(store, {(job.signature, job.machine): job for job in named}, choice)
    states = otherwise if choice.states is None else choice.states
    conditions = conditions_of(choice, states)
    found = store.select(**conditions, newest_first=False)
    if not found:
        check_workflow(store, choice.workflow)
    tell_left_aside(store, conditions)
    return list(found)


def conditions_of(choice: Choice, states: Collection[State] | None) -> dict[str, Any]:
    """What the store is asked for, where no signature was given."""
    return {
        "workflow": choice.workflow,
        "step": choice.step,
        "states": states,
        "machine": choice.machine,
        "current": not choice.all_generations,
    }


def tell_left_aside(store: "Jobs", conditions: Mapping[str, Any]) -> None:
    """Say how many jobs of earlier runs the conditions leave aside, if any."""
    if conditions["workflow"] is None or not conditions["current"]:
        return
    (every,) = store.columns(("state",), **{**conditions, "current": False})
    (current,) = store.columns(("state",), **conditions)
    if len(every) == len(current):
        return
    left = Counter(every) - Counter(current)
    number, active = left.total(), sum(left[state] for state in ACTIVE)
    note(
        f"{count(number, 'superseded job')} of {conditions['workflow']} left aside"
        f"{f', {active} still active' if active else ''}; --all-generations includes "
        f"{'it' if number == 1 else 'them'}"
    )


def named(jobs: Sequence[JobRecord], limit: int = 3) -> str:
    """The jobs by their short signatures, at most `limit` of them."""
    shown = ", ".join(job.signature[:8] for job in jobs[:limit])
    return f"{shown} and {len(jobs) - limit} more" if len(jobs) > limit else shown


def one(store: "Store", text: str, machine: str | None = None) -> JobRecord:
    """The one job that is meant.

    Raises:
        NoSuchJob, AmbiguousSignature: none is, or several; also if it is on several machines.
    """
    found = _resolve(store, text, machine)
    if len(found) > 1:
        places = ", ".join(f"{job.machine} ({job.state})" for job in found)
        raise AmbiguousSignature(
            f"job {found[0].signature[:8]} is on several machines: {places}",
            hint=f"add --machine {found[0].machine}",
        )
    return found[0]


def check_workflow(store: "Store", name: str | None) -> None:
    """Refuse the name of a workflow that there is not.

    Raises:
        UsageError: names the nearest.
    """
    if name is None or store.listing(workflow=name, limit=1) or store.workflow(name) is not None:
        return
    from sojourn.nearest import did_you_mean

    known = {record.name for record in store.workflows()}
    known |= {line.workflow for line in store.listing() if line.workflow}
    raise UsageError(
        f"there is no workflow {name!r}", hint=did_you_mean(name, known, what="there is")
    )


def _narrowed(
    store: "Store", named: dict[tuple[str, str], JobRecord], choice: Choice
) -> list[JobRecord]:
    if choice.workflow is None and choice.step is None and choice.states is None:
        return list(named.values())
    conditions = conditions_of(choice, choice.states)
    allowed = set(zip(*store.columns(("signature", "machine"), **conditions), strict=True))
    return [job for key, job in named.items() if key in allowed]


def _resolve(store: "Store", text: str, machine: str | None) -> list[JobRecord]:
    """The job of one SIG, on every machine that has it."""
    found = _by_id(store, text) if ":" in text else _by_prefix(store, text)
    if not found:
        raise NoSuchJob(f"there is no job {text!r}", hint=_instead(store, text))
    there = [job for job in found if machine in (None, job.machine)]
    if not there:
        places = ", ".join(sorted({job.machine for job in found}))
        raise NoSuchJob(f"job {text!r} is not on {machine}", hint=f"it is on {places}")
    distinct = list({job.signature: job for job in there}.values())
    if len(distinct) > 1:
        raise AmbiguousSignature(
            f"{text!r} begins the signatures of {len(distinct)} jobs", hint=_candidates(distinct)
        )
    return there


def _by_prefix(store: "Store", text: str) -> Sequence[JobRecord]:
    if len(text) < SIGNATURE_PREFIX:
        raise NoSuchJob(
            f"{text!r} is too short to name a job",
            hint=f"give at least {SIGNATURE_PREFIX} characters of its signature",
        )
    return store.find_prefix(text)


def _by_id(store: "Store", text: str) -> Sequence[JobRecord]:
    """The job with that id: exactly, or without the server's name that some schedulers add."""
    machine, _, identity = text.partition(":")
    found = store.by_scheduler_id(machine, identity)
    if not found and identity and "." not in identity:
        ids = {
            line.scheduler_id
            for line in store.listing(machine=machine)
            if line.scheduler_id.partition(".")[0] == identity
        }
        found = tuple(job for each in ids for job in store.by_scheduler_id(machine, each))
    return found[:1] if len({job.scheduler_id for job in found}) == 1 else found


def _candidates(jobs: Iterable[JobRecord]) -> str:
    listed = [f"{job.signature[:12]} ({job.name or 'no name'}, {job.state})" for job in jobs]
    more = f", and {len(listed) - _CANDIDATES} more" if len(listed) > _CANDIDATES else ""
    return f"one of {', '.join(listed[:_CANDIDATES])}{more}"


def _instead(store: "Store", text: str) -> str:
    named = [line for line in store.listing() if text in (line.name, line.step)]
    if named:
        return f"jobs go by signature: {named[0].signature[:8]} is called {text!r}"
    return "`sojourn list` shows all that are known here"
