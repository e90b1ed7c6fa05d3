"""`sojourn wait`: stay until jobs have ended."""

import click

from sojourn.cli import joblist
from sojourn.cli.amounts import count
from sojourn.cli.opening import open_session
from sojourn.cli.options import as_json, choosing, timeout
from sojourn.cli.output import note
from sojourn.cli.selection import Choice, several
from sojourn.cli.waiting import outcome, tell_failures, wait_for
from sojourn.errors import EXIT_DONE, EXIT_SUSPENDED
from sojourn.states import ACTIVE


@click.command
@choosing
@timeout
@as_json
def command(choice: Choice, timeout: float | None, as_json: bool) -> int:
    """Wait until jobs have ended, with a display that is kept up to date.

    Ends with 0 if all have completed, 1 if one has not, 75 if time is up, and 3 if what is left
    does not go on before somebody changes something: a job that can never start, or whose
    submission was refused. Ctrl-C ends the waiting, never the jobs.

    \b
    Examples:
      sojourn wait 3f2a 77c0
      sojourn wait --workflow co2 --timeout 2h
    """
    with open_session() as session:
        jobs = several(session.store, choice, otherwise=ACTIVE)
        if not jobs:
            note("no such jobs are out")
            return EXIT_DONE
        try:
            jobs = wait_for(session, jobs, timeout)
        except KeyboardInterrupt:
            note("the jobs go on; `sojourn status` asks about them")
            raise
        joblist.show(jobs, as_json=as_json, superseded=session.store.superseded())
        status = outcome(session, jobs)
        if status == EXIT_SUSPENDED:
            left = sum(job.state in ACTIVE for job in jobs)
            note(f"time is up: {count(left, 'job')} not finished; they go on by themselves")
        tell_failures(session, jobs)
    return status
