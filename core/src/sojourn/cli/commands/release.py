"""`sojourn release`: let held jobs start."""

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
    """Let jobs start again that were held.

    \b
    Examples:
      sojourn release 3f2a
      sojourn release --state HELD
    """
    return change(
        choice,
        lambda session, jobs: session.release(jobs),
        words={Changed.DONE: "released"},
        otherwise=[State.HELD],
        as_json=as_json,
    )
