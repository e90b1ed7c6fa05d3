"""Where words go: data to stdout, everything for people to stderr."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click

from sojourn.printable import flat, plain

COLORS = {
    "COMPLETED": "green",
    "RUNNING": "cyan",
    "FINISHING": "cyan",
    "HELD": "yellow",
    "FAILED": "red",
    "TIMEOUT": "red",
    "OUT_OF_MEMORY": "red",
    "NODE_FAIL": "red",
    "PREEMPTED": "red",
    "LOST": "red",
    "CANCELLED": "magenta",
}
"""How a state is painted at a terminal."""


def note(text: str) -> None:
    """One line for a person."""
    click.echo(f"sojourn: {flat(text)}", err=True)


def hint(text: str) -> None:
    """What to do about the line before."""
    click.echo(f"  hint: {flat(text)}", err=True)


def line(text: str = "") -> None:
    """One line of data, without anything that would steer a terminal."""
    click.echo(plain(text))


def said(text: str) -> None:
    """Lines for a person, as they are but for what would steer a terminal."""
    click.echo(plain(text), err=True)


def text(block: str) -> None:
    """Lines that are ready to be printed; click would look through them for colours."""
    sys.stdout.write(f"{block}\n")


def rows(objects: Iterable[Mapping[str, Any]]) -> None:
    """`--json`: a list of objects, one a line."""
    lines = [json.dumps(one) for one in objects]
    text("[" + ",\n ".join(lines) + "]")


def may_paint() -> bool:
    """Whether the user lets us use colours at all (NO_COLOR)."""
    return not os.environ.get("NO_COLOR")


def colorful() -> bool:
    """Whether stdout may be painted: a terminal, and NO_COLOR not set."""
    return sys.stdout.isatty() and may_paint()


def paint(word: str, text: str) -> str:
    """`text` in the colour of the state `word`."""
    color = COLORS.get(word)
    return click.style(text, fg=color) if color else text


def width() -> int | None:
    """How wide a line may be: the terminal's width, or None where nothing is cut."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def block(text: str) -> None:
    """Several lines of data."""
    click.echo(plain(text), nl=not text.endswith("\n"))
