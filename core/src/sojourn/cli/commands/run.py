"""`sojourn run`: a workflow script, run as far as it can be."""

from pathlib import Path

import click

from sojourn.cli import completing
from sojourn.cli.options import renewing


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("script", type=click.Path(path_type=Path), metavar="SCRIPT.py")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGS]...")
@click.option(
    "--on",
    metavar="MACHINE",
    shell_complete=completing.machines,
    help="Run its jobs there, whatever the script says.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what is new, reused and changed; run and submit nothing.",
)
@click.option("--wait", is_flag=True, help="Stay until everything has ended, showing progress.")
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Submit however many known jobs have changed, without asking.",
)
@click.option(
    "--accept-stale",
    is_flag=True,
    help="Take results that were made from other bytes than their inputs have now.",
)
@renewing
@click.option(
    "--env",
    multiple=True,
    metavar="NAME",
    help="A variable that the script needs: its name is recorded, for resuming.",
)
def command(
    script: Path,
    arguments: tuple[str, ...],
    on: str | None,
    dry_run: bool,
    wait: bool,
    accept_changes: bool,
    accept_stale: bool,
    update: bool,
    no_retry_changed: bool,
    env: tuple[str, ...],
) -> int:
    """Run a workflow script; hand in what can be handed in, and stop while it is out.

    While jobs are out the command ends with status 75. Nothing has to stay open: run the same
    command again when they have ended, and it goes on from there; nothing runs twice. ARGS
    and options that are not listed here are the script's own; all after `--` is.

    Resources are no part of what a job is. A failed job that asks for other resources than before
    runs again; one that waits in the queue is named, and replaced with --update, or after a
    question at a terminal; one that runs goes on as it is. Where all that is left needs somebody
    to change something, such as a job that can never start, the status is 3.

    \b
    Examples:
      sojourn run co2.py --on hpc
      sojourn run co2.py --dry-run
      sojourn run co2.py --wait
      sojourn run co2.py -- --seed 3 input.csv
    """
    from sojourn.cli.running import Request, run_script

    return run_script(
        Request(
            script,
            arguments,
            on,
            dry_run,
            wait,
            accept_changes,
            accept_stale,
            update,
            not no_retry_changed,
            env,
        )
    )
