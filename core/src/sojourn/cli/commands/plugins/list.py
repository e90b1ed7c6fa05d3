"""`sojourn plugins list`."""

from typing import Any

import click

from sojourn.cli import output
from sojourn.cli.options import as_json
from sojourn.cli.tables import table
from sojourn.cli.welcome import say_what_to_install
from sojourn.printable import flat

_HEADS = ("NAME", "WHAT", "VERSION", "STATE", "ABOUT")


@click.command
@as_json
def command(as_json: bool) -> None:
    """List the plugins that are installed; of one that does not load, why, and what to do.

    \b
    Examples:
      sojourn plugins list
      sojourn plugins list --json
    """
    from sojourn.plugins.outcomes import LoadFailure
    from sojourn.plugins.registry import Registry

    failures: list[LoadFailure] = []
    found: list[dict[str, Any]] = []
    for outcome in Registry(report=lambda _: None).installed():
        broken = isinstance(outcome, LoadFailure)
        if isinstance(outcome, LoadFailure):
            failures.append(outcome)
        found.append(
            {
                "name": outcome.name,
                "kinds": [kind.value for kind in outcome.kinds],
                "distribution": outcome.distribution,
                "version": outcome.version,
                "ok": not broken,
                "about": outcome.cause if isinstance(outcome, LoadFailure) else outcome.summary,
                "hint": outcome.hint if isinstance(outcome, LoadFailure) else "",
                "detail": outcome.detail if isinstance(outcome, LoadFailure) else "",
            }
        )
    if as_json:
        output.rows(found)
    else:
        click.echo(table(_HEADS, [_cells(one) for one in found], width=output.width()))
        for failure in failures:
            output.note(str(failure))
            if failure.hint:
                output.hint(failure.hint)
    say_what_to_install()


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    source = f"{one['distribution']} {one['version']}".strip()
    state = "ok" if one["ok"] else "not used"
    return one["name"], ", ".join(one["kinds"]), source, state, flat(one["about"])
