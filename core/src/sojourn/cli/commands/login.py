"""`sojourn login`: open a connection that wants a person, and keep it."""

import click

from sojourn.cli import completing
from sojourn.cli.opening import open_session
from sojourn.cli.output import hint, note


@click.command
@click.argument("machine", metavar="MACHINE", shell_complete=completing.machines)
def command(machine: str) -> None:
    """Log in to a machine that asks for a one-time code, and keep the connection.

    With `transport: openssh` the connection stays until `sojourn logout`, and every program
    of yours uses it: nobody is asked again. With `ssh` nothing can be kept; the login is tried
    once, and what to do is said. What waits for the machine goes on by itself.

    \b
    Examples:
      sojourn login hpc
    """
    from sojourn.session.logging_in import log_in

    with open_session() as session:
        done = log_in(session, machine)
    note(done.said)
    if done.hint:
        hint(done.hint)
