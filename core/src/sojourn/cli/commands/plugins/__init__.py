"""`sojourn plugins`: a group of its own, with one module a command."""

import click

from sojourn.cli.lazy import LazyGroup
from sojourn.cli.registry import PLUGINS


@click.group(cls=LazyGroup, sections=PLUGINS)
def command() -> None:
    """Backends, transports and listeners that are installed.

    \b
    Examples:
      sojourn plugins list
      sojourn plugins new lsf
    """
