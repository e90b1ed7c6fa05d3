"""The command line: `main` is what the installed program `sojourn` calls.

Nothing is imported here: a command's module is loaded when that command runs.
"""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default the one in `sys.argv`; returns its exit status."""
    from sojourn.cli.ending import run

    return run(arguments)
