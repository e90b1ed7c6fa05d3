"""`sojourn forget`: remove jobs or a workflow from the local record."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from sojourn.cli import output
from sojourn.cli.amounts import count
from sojourn.cli.opening import open_session
from sojourn.cli.options import as_json, choosing
from sojourn.cli.selection import Choice, several
from sojourn.errors import EXIT_DONE, EXIT_FAILED
from sojourn.printable import flat
from sojourn.states import ACTIVE, FINAL
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.garbage.forget import Deleted
    from sojourn.session.session import Session
    from sojourn.store.store import Store


@click.command
@choosing
@click.option(
    "--superseded",
    is_flag=True,
    help="Only jobs that the last run of their workflow does not have any more.",
)
@click.option(
    "--remote", is_flag=True, help="Also remove the directories of the jobs on their machines."
)
@click.option("--dry-run", is_flag=True, help="Only list what would be forgotten.")
@as_json
def command(choice: Choice, superseded: bool, remote: bool, dry_run: bool, as_json: bool) -> int:
    """Remove jobs from the local record, with their history and their results here.

    Nothing on a machine is touched without --remote: there, a later run of the same job finds
    it again. With --workflow the jobs of its last run are meant, and when none is left the
    workflow itself is forgotten with the remembered values of its steps. A job that another
    workflow has too only leaves this one. Jobs that have not finished, and those that such a
    job takes its inputs from, are kept and named; the exit status is 1 then.

    \b
    Examples:
      sojourn forget 3f2a
      sojourn forget --workflow co2 --superseded --dry-run
      sojourn forget --workflow co2 --all-generations --remote
    """
    if superseded and choice.workflow is not None:
        choice = choice.with_all_generations()
    with open_session() as session:
        jobs = _chosen(session.store, choice, superseded)
        why = _kept(session.store, jobs)
        going = [job for job in jobs if (job.signature, job.machine) not in why]
        if dry_run:
            forgotten, kept = going, []
        else:
            deleted = _forget(session, going, choice.workflow, there=remote)
            present = {(job.signature, job.machine) for job in session.again(going)}
            forgotten = [job for job in going if (job.signature, job.machine) not in present]
            kept = deleted.kept
            if deleted.left:
                jobs_ = count(deleted.left, "job")
                output.note(f"{jobs_} of other workflows too: only {choice.workflow} is left")
    if as_json:
        output.rows(_as_object(job, job in forgotten and not dry_run) for job in jobs)
    elif dry_run:
        for job in forgotten:
            click.echo(f"{job.signature}  {flat(job.name)}")
    output.note(f"{count(len(forgotten), 'job')} {'would be ' * dry_run}forgotten")
    for text in (*why.values(), *kept):
        output.note(text)
    return EXIT_FAILED if why or kept else EXIT_DONE


def _chosen(store: "Store", choice: Choice, superseded: bool) -> list[JobRecord]:
    if not superseded:
        return several(store, choice)
    marked = store.superseded()
    if choice.empty:
        return list(store.get_many(sorted(marked)).values())
    return [job for job in several(store, choice) if (job.signature, job.machine) in marked]


def _kept(store: "Store", jobs: Sequence[JobRecord]) -> dict[tuple[str, str], str]:
    """Why jobs cannot be forgotten, by signature and machine."""
    needed = {parent for job in store.select(states=ACTIVE) for parent in job.parents}
    found: dict[tuple[str, str], str] = {}
    for job in jobs:
        short = job.signature[:8]
        if job.state not in FINAL:
            how = f"`sojourn cancel {short}` ends it first"
            found[job.signature, job.machine] = f"job {short} is {job.state}: kept; {how}"
        elif job.signature in needed:
            found[job.signature, job.machine] = (
                f"job {short} is an input of a job that has not finished: kept"
            )
    return found


def _forget(
    session: "Session", jobs: Sequence[JobRecord], workflow: str | None, *, there: bool
) -> "Deleted":
    from sojourn.garbage.forget import delete_jobs, leave_workflow

    if workflow is None:
        return delete_jobs(session, jobs, there=there)
    return leave_workflow(session, workflow, jobs, there=there)


def _as_object(job: JobRecord, forgotten: bool) -> dict[str, Any]:
    return {
        "signature": job.signature,
        "name": job.name,
        "machine": job.machine,
        "state": job.state.value,
        "forgotten": forgotten,
    }
