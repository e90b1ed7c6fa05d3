"""`sojourn logout`: end the connection that `sojourn login` keeps."""

import click

from sojourn.cli import completing
from sojourn.cli.opening import open_session
from sojourn.cli.output import note


@click.command
@click.argument("machine", metavar="MACHINE", shell_complete=completing.machines)
def command(machine: str) -> None:
    """End the connection to a machine that `sojourn login` has opened. Jobs go on.

    \b
    Examples:
      sojourn logout hpc
    """
    from sojourn.session.logging_in import log_out

    with open_session() as session:
        note(log_out(session, machine).said)
