"""`sojourn pause`: leave a machine, a workflow or jobs alone."""

import click

from sojourn.cli.options import as_json, choosing
from sojourn.cli.pausing import set_pause
from sojourn.cli.selection import Choice


@click.command
@choosing
@as_json
def command(choice: Choice, as_json: bool) -> int:
    """Leave a machine, a workflow or jobs alone until they are released.

    What is paused is not polled, not handed in and not resumed, by nobody; what the scheduler
    has goes on. It outlives restarts. --machine or --workflow alone pauses that, with whatever
    comes later; a job that another workflow shares goes on.

    \b
    Examples:
      sojourn pause --machine hpc
      sojourn pause --workflow co2
      sojourn pause 3f2a 77b0
    """
    return set_pause(choice, paused=True, as_json=as_json)
