"""What `sojourn` alone says: its help page, and what is still to be installed."""

from importlib.metadata import entry_points

import click

from sojourn.cli.output import note


def welcome(ctx: click.Context) -> None:
    """Print the help page; where no backend is installed, say what to install."""
    click.echo(ctx.get_help())
    say_what_to_install()


def say_what_to_install() -> None:
    """One line on stderr if no plugin is installed."""
    from sojourn.plugins.builtin import NAME

    if not [point for point in entry_points(group="sojourn") if point.name != NAME]:
        note(
            'no backend is installed; for jobs on this computer: pip install "sojourn[local]", '
            'for a cluster: pip install "sojourn[slurm]" or "sojourn[pbs]"'
        )
