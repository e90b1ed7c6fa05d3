"""`sojourn plugins check`."""

from pathlib import Path

import click

from sojourn.cli import output
from sojourn.cli.options import as_json
from sojourn.errors import EXIT_DONE, EXIT_FAILED
from sojourn.printable import flat


@click.command
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path), default=".")
@as_json
def command(path: Path, as_json: bool) -> int:
    """Say what a plugin's project lacks before it is published.

    Looks at its metadata, its entry point and contract, whether its name is free, types, words
    and tests. The exit status is 1 if something is missing.

    \b
    Examples:
      sojourn plugins check .
      sojourn plugins check ./sojourn-lsf --json
    """
    from sojourn.scaffold.checking import check

    findings = check(path)
    if as_json:
        output.rows(
            {"what": one.what, "ok": one.ok, "detail": one.detail, "advice": one.advice}
            for one in findings
        )
    else:
        for one in findings:
            word = "ok     " if one.ok else "MISSING"
            click.echo(f"{word}  {flat(one.what)}{': ' if one.detail else ''}{flat(one.detail)}")
            if not one.ok and one.advice:
                click.echo(f"         {flat(one.advice)}")
    missing = sum(not one.ok for one in findings)
    if missing:
        output.note(f"{missing} of {len(findings)} are missing")
        return EXIT_FAILED
    output.note("nothing is missing")
    return EXIT_DONE
