"""`sojourn top`: the terminal UI."""

import sys
from importlib.util import find_spec

import click

from sojourn.errors import NotPossible


@click.command
@click.option("--no-poll", is_flag=True, help="Ask no machine unless told to.")
def command(no_poll: bool) -> None:
    """Watch and handle jobs: a tree of workflows and jobs, details, live logs; ? shows all keys.

    It starts from what was last heard and asks the machines meanwhile, at the pace of
    `sojourn monitor`; while a monitor runs, the polling is left to it.

    \b
    Examples:
      sojourn top
      sojourn top --no-poll
    """
    if find_spec("textual") is None:
        raise NotPossible(
            "the terminal UI needs textual, which is not installed",
            hint='pip install "sojourn[top]"; `sojourn list --watch` does without',
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NotPossible(
            "the terminal UI needs a terminal", hint="`sojourn list` prints the same to a file"
        )
    from sojourn.top.running import run

    run(poll=not no_poll)
