"""Questions at the terminal that several commands ask."""

import sys
from collections.abc import Sequence

import click

from sojourn.cli import output


def has_person() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask_to_update(about: Sequence[str]) -> bool:
    """Whether jobs that wait in the queue are to be replaced; `about` are lines about them."""
    for text in about:
        output.note(text)
    which = "it" if len(about) == 1 and " jobs of " not in about[0] else "them"
    return click.confirm(f"sojourn: replace {which} in the queue?", err=True)
