"""`sojourn machines init`."""

import os

import click

from sojourn.cli.output import note
from sojourn.errors import ConfigError, NotPossible


@click.command
def command() -> None:
    """Write a first machines.yaml with every key explained, and print where it is.

    It goes to the user's config folder, or where SOJOURN_MACHINES says. A file that is there
    is left as it is.
    """
    from sojourn.home import expanded, make_private
    from sojourn.machines.initial import INITIAL
    from sojourn.machines.places import OVERRIDE, user_file

    named = os.environ.get(OVERRIDE)
    file = expanded(named) if named else user_file()
    try:
        make_private(file.parent)
        with file.open("x", encoding="utf-8") as written:
            written.write(INITIAL)
    except FileExistsError as error:
        raise NotPossible(
            f"{file} is there already", hint="edit it; nothing was changed"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}",
            file=file,
            hint=f"set {OVERRIDE} to a file that you can write",
        ) from error
    click.echo(file)
    note("edit it, then try a machine with `sojourn machines check NAME`")
