"""What cancel, hold and release have in common: asked machine by machine, told job by job."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from sojourn.cli import output
from sojourn.cli.ending import failed
from sojourn.cli.opening import open_session
from sojourn.cli.selection import Choice, several
from sojourn.cli.tables import table
from sojourn.errors import EXIT_DONE, EXIT_FAILED, SojournError
from sojourn.printable import flat
from sojourn.states import State
from sojourn.store.records import JobRecord
from sojourn.values.messages import Change, Changed

if TYPE_CHECKING:
    from sojourn.session.session import Session

_HEADS = ("JOB", "NAME", "MACHINE", "ID", "WHAT BECAME OF IT")

Ask = Callable[["Session", Sequence[JobRecord]], list[Change]]


def change(
    choice: Choice,
    ask: Ask,
    *,
    words: Mapping[Changed, str],
    otherwise: Collection[State],
    fine: frozenset[Changed] = frozenset(),
    as_json: bool,
) -> int:
    """Ask for a change and print what became of it; returns the exit status.

    `words` tell of what was done, `fine` are other answers that are no failure. A machine that
    cannot be asked keeps none of the others from it.
    """
    told: list[tuple[JobRecord, Change]] = []
    status = EXIT_DONE
    with open_session() as session:
        jobs = several(session.store, choice, otherwise=otherwise)
        if not jobs:
            output.note("there is no such job to change")
        for machine in dict.fromkeys(job.machine for job in jobs):
            group = [job for job in jobs if job.machine == machine]
            try:
                told += zip(group, ask(session, group), strict=True)
            except SojournError as error:
                status = failed(error)
        present = {job.signature: job.state for job in session.again(jobs)}
    if as_json:
        output.rows(_as_object(job, answer, present) for job, answer in told)
    elif told:
        rows = [_cells(job, answer, words) for job, answer in told]
        click.echo(table(_HEADS, rows, width=output.width()))
    done = words.keys() | fine
    return status or (EXIT_DONE if all(a.outcome in done for _, a in told) else EXIT_FAILED)


def _cells(job: JobRecord, answer: Change, words: Mapping[Changed, str]) -> tuple[str, ...]:
    what = words.get(answer.outcome) or _OTHER[answer.outcome]
    text = ": ".join(filter(None, (what, answer.reason)))
    return (
        job.signature[:8],
        flat(job.name),
        job.machine,
        job.scheduler_id,
        flat(text),
    )


_OTHER = {
    Changed.FINISHED: "",
    Changed.ABSENT: "nothing was changed: neither the scheduler nor the machine knows it",
    Changed.REFUSED: "refused",
    Changed.DONE: "done",
    Changed.NEVER_RUNS: "it never runs",
}


def _as_object(
    job: JobRecord, answer: Change, present: Mapping[str, State]
) -> dict[str, str | int]:
    return {
        "signature": job.signature,
        "name": job.name,
        "machine": job.machine,
        "scheduler_id": job.scheduler_id,
        "attempt": answer.attempt,
        "outcome": answer.outcome.value,
        "reason": answer.reason,
        "state": present.get(job.signature, job.state).value,
    }
