"""`sojourn unpause`: go on with what was paused."""

import click

from sojourn.cli.options import as_json, choosing
from sojourn.cli.pausing import set_pause
from sojourn.cli.selection import Choice


@click.command
@choosing
@as_json
def command(choice: Choice, as_json: bool) -> int:
    """Release what was paused: it is polled, handed in and resumed again.

    A job is released for good only when its machine and its workflows are not paused either.

    \b
    Examples:
      sojourn unpause --machine hpc
      sojourn unpause --workflow co2
      sojourn unpause 3f2a 77b0
    """
    return set_pause(choice, paused=False, as_json=as_json)
