"""`sojourn retry`: run ended jobs again, in a new attempt each."""

import click

from sojourn.cli import joblist, output
from sojourn.cli.amounts import count
from sojourn.cli.ending import failed_each
from sojourn.cli.jobmaking import assignments
from sojourn.cli.opening import open_session
from sojourn.cli.options import as_json, choosing
from sojourn.cli.selection import ENDED_BADLY, Choice, several
from sojourn.errors import EXIT_DONE, EXIT_FAILED


@click.command
@choosing
@click.option(
    "--resource",
    "resources",
    multiple=True,
    metavar="K=V",
    help="Ask for this instead: memory=32GiB, walltime=4h, queue=long, ...",
)
@as_json
def command(choice: Choice, resources: tuple[str, ...], as_json: bool) -> int:
    """Run jobs again that have ended, in a new attempt; the history of the old one is kept.

    Jobs that were not run because of them go with them. Chosen by --workflow and the like,
    jobs that did not end well are meant. A job that cannot be retried is named, and does not keep
    the others from it.

    \b
    Examples:
      sojourn retry 3f2a
      sojourn retry 3f2a --resource memory=32GiB --resource walltime=4h
      sojourn retry --workflow co2 --state TIMEOUT --resource walltime=12h
    """
    from sojourn.session.retrying import retryable
    from sojourn.values.resources import Resources

    words = assignments(resources, "--resource", repeated=("native",))
    other = Resources(**words) if words else None
    with open_session() as session:
        jobs = several(session.store, choice, otherwise=ENDED_BADLY)
        if not jobs:
            output.note("there is no such job to run again")
            return EXIT_DONE
        possible, errors = retryable(session, jobs, other)
        if possible:
            session.retry(possible, resources=other)
            possible = session.again(possible)
            summary = joblist.summary(possible)
            output.note(f"{count(len(possible), 'job')} in a new attempt: {summary}")
        joblist.show(possible, as_json=as_json)
    status = failed_each(errors)
    return EXIT_FAILED if status and possible else status
