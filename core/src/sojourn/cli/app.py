"""The program's root: what stands before every command."""

import click

from sojourn import __version__
from sojourn.cli.lazy import LazyGroup
from sojourn.cli.registry import SECTIONS

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.command(
    cls=LazyGroup,
    sections=SECTIONS,
    context_settings=CONTEXT,
    invoke_without_command=True,
    epilog="`sojourn COMMAND --help` has examples. SIG is the beginning of a job's signature, at "
    "least 4 characters, or MACHINE:SCHEDULER_ID. Exit status: 0 done, 1 failed, 2 bad usage, "
    "75 suspended (jobs are out: run the same command again later), 130 interrupted.",
)
@click.version_option(__version__, prog_name="sojourn", message="%(prog)s %(version)s")
@click.pass_context
def app(ctx: click.Context) -> None:
    """Hand a long step to a scheduler, stop, and be started again to find it done."""
    if ctx.invoked_subcommand is None:
        from sojourn.cli.welcome import welcome

        welcome(ctx)
