"""`sojourn import`: take a ticket in."""

import json
import sys
from typing import TextIO

import click

from sojourn.cli import output
from sojourn.cli.opening import open_store
from sojourn.cli.options import as_json
from sojourn.errors import EXIT_DONE


@click.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@as_json
def command(file: TextIO, as_json: bool) -> int:
    """Take a ticket in, so that its jobs can be followed, fetched and cancelled from here.

    Machines that are not configured here are described as far as the ticket says; an entry of
    your own in machines.yaml outranks that. Contacts no machine. `-` reads standard input.

    \b
    Examples:
      sojourn import co2.json
      sojourn status --workflow co2
    """
    from sojourn.machines.loading import load_machines
    from sojourn.tickets.importing import take_in
    from sojourn.tickets.ticket import read_ticket

    what = "standard input" if file is sys.stdin else file.name
    ticket = read_ticket(file.read(), what)
    with open_store() as store:
        taken = take_in(ticket, load_machines(), store)
    for name in taken.machines:
        output.note(
            f"machine {name} is now known as the ticket describes it; try: sojourn machines check {name}"
        )
    jobs = f"{len(taken.jobs)} job{'' if len(taken.jobs) == 1 else 's'} taken in"
    output.note(f"{jobs}, {taken.known} known before" if taken.known else jobs)
    if as_json:
        click.echo(json.dumps([job.to_json() for job in taken.jobs], indent=2))
    else:
        for job in taken.jobs:
            click.echo(job.signature)
    return EXIT_DONE
