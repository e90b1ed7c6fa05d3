"""Which jobs are meant: the one place that reads a SIG and the options beside it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sojourn.cli.amounts import count
from sojourn.cli.output import note
from sojourn.errors import UsageError
from sojourn.session.lookup import one as one
from sojourn.session.lookup import resolve
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
        named = [job for text in choice.signatures for job in resolve(store, text, choice.machine)]
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
