"""`sojourn report`: one self-contained page about jobs."""

import time
from pathlib import Path

import click

from sojourn.cli import completing, output
from sojourn.cli.opening import open_store
from sojourn.cli.selection import Choice, check_workflow, conditions_of, tell_left_aside


@click.command
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="The page's file; - for standard output.",
)
@click.option(
    "--workflow", metavar="NAME", shell_complete=completing.workflows, help="Only its jobs."
)
@click.option(
    "--all-generations",
    is_flag=True,
    help="With --workflow: also the jobs that its last run has superseded.",
)
def command(target: Path, workflow: str | None, all_generations: bool) -> None:
    """Write one page about jobs: a timeline of waiting and running, how well they used what they
    asked for, what failed and why. It loads nothing and opens in any browser.

    Contacts no machine.

    \b
    Examples:
      sojourn report -o report.html
      sojourn report -o co2.html --workflow co2
    """
    from sojourn.report.gathering import gather
    from sojourn.report.page import page

    with open_store() as store:
        check_workflow(store, workflow)
        choice = Choice(workflow=workflow, all_generations=all_generations)
        tell_left_aside(store, conditions_of(choice, None))
        text = page(gather(store, now=time.time(), workflow=workflow, current=not all_generations))
    if str(target) == "-":
        click.echo(text, nl=False)
        return
    from sojourn.report.writing import write

    write(target, text)
    output.note(f"written to {target}")
