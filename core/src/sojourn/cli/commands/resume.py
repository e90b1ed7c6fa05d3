"""`sojourn resume`: run a suspended workflow again."""

import click

from sojourn.cli import completing


@click.command
@click.argument("workflow", metavar="WORKFLOW", shell_complete=completing.workflows)
@click.option("--any", "some", is_flag=True, help="Also when only some of its jobs have ended.")
@click.option(
    "--accept-script-change",
    is_flag=True,
    help="Run the script as it is now, though it has changed since.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask at the terminal.")
@click.option(
    "--take-over",
    is_flag=True,
    help="Although a process of another computer seems to run it: that one is gone.",
)
def command(
    workflow: str, some: bool, accept_script_change: bool, yes: bool, take_over: bool
) -> int:
    """Run a workflow again that was run by `sojourn run`, when its jobs have ended.

    The script runs in its own directory, with the Python and the arguments it had. Its output
    is shown, and kept in a log. While jobs are still out nothing is run: exit status 75.
    `sojourn monitor --resume` does the same by itself.

    \b
    Examples:
      sojourn resume co2
      sojourn resume co2 --any --yes
    """
    from sojourn.cli.resuming import Request, resume

    return resume(Request(workflow, some, accept_script_change, yes, take_over))
