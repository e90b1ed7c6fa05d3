"""`sojourn machines`: a group of its own, with one module a command."""

import click

from sojourn.cli.lazy import LazyGroup
from sojourn.cli.registry import MACHINES


@click.group(cls=LazyGroup, sections=MACHINES)
def command() -> None:
    """The machines of machines.yaml: what is configured, and whether it works.

    \b
    Examples:
      sojourn machines init
      sojourn machines list
      sojourn machines check hpc
    """
