"""`sojourn hold`: keep waiting jobs from starting."""

import click

from sojourn.cli.changing import change
from sojourn.cli.options import as_json, choosing
from sojourn.cli.selection import Choice
from sojourn.states import State
from sojourn.values.messages import Changed


@click.command
@choosing
@as_json
def command(choice: Choice, as_json: bool) -> int:
    """Keep jobs that wait in the queue from starting, until they are released.

    \b
    Examples:
      sojourn hold 3f2a
      sojourn hold --workflow co2
    """
    return change(
        choice,
        lambda session, jobs: session.hold(jobs),
        words={Changed.DONE: "held"},
        otherwise=[State.QUEUED],
        as_json=as_json,
    )
