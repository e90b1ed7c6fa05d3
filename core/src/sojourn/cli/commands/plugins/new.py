"""`sojourn plugins new`."""

from pathlib import Path

import click

from sojourn.cli import output

_KINDS = ("batch", "backend", "transport", "listener")
_LICENCES = ("Apache-2.0", "MIT", "BSD-3-Clause")


@click.command
@click.argument("name", metavar="NAME")
@click.option(
    "--kind",
    type=click.Choice(_KINDS),
    default="batch",
    show_default=True,
    help="batch: a batch scheduler, by pure functions; backend: every hook by itself;"
    " transport: a way to reach machines; listener: told of every change of a job's state.",
)
@click.option(
    "--license",
    "licence",
    type=click.Choice(_LICENCES),
    default=_LICENCES[0],
    show_default=True,
    help="The licence whose text is put into LICENSE.",
)
def command(name: str, kind: str, licence: str) -> None:
    """Begin a plugin: a whole project in ./sojourn-NAME, whose tests pass as it is.

    A backend speaks to a toy scheduler at first; what is yours to fill in is marked.

    \b
    Examples:
      sojourn plugins new lsf
      sojourn plugins new kubectl --kind transport --license MIT
    """
    from sojourn.scaffold.making import make

    project = make(name, kind, licence, Path())
    click.echo(project)
    output.note(f"{kind} plugin {name!r} begun; its tests run at once:")
    output.hint(f"cd {project} && python -m venv .venv && .venv/bin/pip install -e '.[test]'")
    output.hint(".venv/bin/pytest, then fill in what is marked FILL")
    output.hint("`sojourn plugins check .` says what is missing before it is published")
