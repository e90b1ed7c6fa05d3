"""`sojourn cancel`: end jobs."""

import click

from sojourn.cli.changing import change
from sojourn.cli.options import as_json, choosing
from sojourn.cli.selection import Choice
from sojourn.states import ACTIVE
from sojourn.values.messages import Changed


@click.command
@choosing
@as_json
def command(choice: Choice, as_json: bool) -> int:
    """End jobs, waiting or running, with everything they have started; one trip a machine.

    One that has ended already is left alone, and that is said.

    \b
    Examples:
      sojourn cancel 3f2a 77c0
      sojourn cancel --workflow co2 --state QUEUED
    """
    words = {Changed.DONE: "asked to end", Changed.NEVER_RUNS: "cancelled; it never runs"}
    return change(
        choice,
        lambda session, jobs: session.cancel(jobs),
        words=words,
        fine=frozenset({Changed.FINISHED}),
        otherwise=ACTIVE,
        as_json=as_json,
    )
