"""`sojourn export`: a ticket for another computer."""

from pathlib import Path

import click

from sojourn.cli import output
from sojourn.cli.opening import open_store
from sojourn.cli.options import choosing
from sojourn.cli.selection import Choice, several
from sojourn.errors import EXIT_DONE, UsageError


@click.command
@choosing
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the ticket to FILE instead of stdout.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of tickets instead.")
def command(choice: Choice, file: Path | None, schema: bool) -> int:
    """Write a ticket: one JSON document from which another computer watches, fetches and cancels.

    It says which jobs, on which machines, and how they stood. It holds no secret and no path
    of this computer. Contacts no machine.

    \b
    Examples:
      sojourn export --workflow co2 -o co2.json
      sojourn export 3f2a 77c0 > ticket.json
    """
    import json

    from sojourn.tickets.ticket import ticket_schema

    if schema:
        text = json.dumps(ticket_schema(), indent=2)
    else:
        text = _ticket(choice)
    if file is None:
        click.echo(text)
        return EXIT_DONE
    from sojourn.folder import write_file

    try:
        write_file(file, f"{text}\n".encode())
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    output.note(f"written: {file}; on the other computer: sojourn import {file.name}")
    return EXIT_DONE


def _ticket(choice: Choice) -> str:
    from sojourn.machines.loading import load_machines
    from sojourn.tickets.exporting import make_ticket

    with open_store() as store:
        jobs = several(store, choice)
        return make_ticket(jobs, load_machines(), store).model_dump_json(indent=2)
