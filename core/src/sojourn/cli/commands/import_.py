"""`sojourn import`: jobs from another computer's ticket."""

import json
import sys
from typing import TYPE_CHECKING, TextIO

import click

from sojourn.cli import output
from sojourn.cli.opening import open_store
from sojourn.cli.options import as_json
from sojourn.errors import EXIT_DONE, UsageError
from sojourn.printable import flat

if TYPE_CHECKING:
    from sojourn.tickets.importing import Matched
    from sojourn.tickets.ticket import Ticket


@click.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--yes", is_flag=True, help="Add the ticket's machines without asking.")
@click.option(
    "--trust",
    is_flag=True,
    help="Let the ticket's results count on every machine, as if the jobs were your own.",
)
@as_json
def command(file: TextIO, yes: bool, trust: bool, as_json: bool) -> int:
    """Import jobs from `sojourn export`, so that they can be followed, fetched and cancelled here.

    A machine that is not configured here is added as far as the ticket says how it is reached;
    you are asked before. What a ticket says of a job counts on that job's machine only, unless
    you trust it. Contacts no machine. `-` reads standard input.

    \b
    Examples:
      sojourn import co2.json
      sojourn import --yes co2.json
      sojourn status --workflow co2
    """
    from sojourn.machines.loading import load_machines
    from sojourn.tickets.importing import match, take_in
    from sojourn.tickets.ticket import read_ticket

    what = "standard input" if file is sys.stdin else file.name
    ticket = read_ticket(file.read(), what)
    with open_store() as store:
        matched = match(ticket, load_machines(), store)
        for name, here in matched.names.items():
            if name != here:
                output.note(f"machine {name} of the ticket is {here} here")
            _tell_left_out(ticket, name, name in matched.new)
        if matched.new and not yes:
            _ask(matched, file)
        taken = take_in(ticket, matched, store, trust=trust)
    for name in taken.machines:
        output.note(f"added machine {name}; try: sojourn machines check {name}")
    jobs = f"imported {len(taken.jobs)} job{'' if len(taken.jobs) == 1 else 's'}"
    output.note(f"{jobs}, {taken.known} known before" if taken.known else jobs)
    if as_json:
        click.echo(json.dumps([job.to_json() for job in taken.jobs], indent=2))
    else:
        for job in taken.jobs:
            click.echo(job.signature)
    return EXIT_DONE


def _tell_left_out(ticket: "Ticket", name: str, new: bool) -> None:
    left_out = ticket.machines[name].keys.left_out
    if new and left_out:
        output.note(
            f"not taken from the ticket for machine {name}: "
            f"{flat(', '.join(left_out[:10]))}; add what it needs to machines.yaml"
        )


def _ask(matched: "Matched", file: TextIO) -> None:
    """Show what would be added, and go on only if that is wanted."""
    from sojourn.machines.reach import described

    lines = [f"machine {name}: {described(keys)}" for name, keys in matched.new.items()]
    if file is not sys.stdin and sys.stdin is not None and sys.stdin.isatty():
        for line in lines:
            output.note(f"the ticket adds {line}")
        if click.confirm("sojourn: connect to it as described?", default=False, err=True):
            return
        raise UsageError("nothing was imported", hint="add the machine to machines.yaml yourself")
    raise UsageError(
        f"the ticket adds {'; '.join(lines)}; nothing was imported",
        hint="--yes adds it as described; or write an entry of your own in machines.yaml",
    )
