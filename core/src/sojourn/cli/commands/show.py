"""`sojourn show`: everything about one job."""

import click

from sojourn.cli import output
from sojourn.cli.facts import facts
from sojourn.cli.opening import open_store
from sojourn.cli.options import as_json, of_machine, one_job
from sojourn.cli.selection import one


@click.command
@one_job
@of_machine
@as_json
def command(signature: str, machine: str | None, as_json: bool) -> None:
    """Show everything about one job: what it is, where it comes from, its attempts, how well it
    used what it was given, and its result. Contacts no machine.

    \b
    Examples:
      sojourn show 3f2a
      sojourn show hpc:8142 --json
    """
    from sojourn.results.cache import ResultCache

    with open_store() as store:
        job = one(store, signature, machine)
        known = facts(store, ResultCache(), job)
    if as_json:
        output.rows([known])
        return
    from sojourn.cli.factsheet import sheet

    for text in sheet(job, known):
        output.line(text)
