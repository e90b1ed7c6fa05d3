"""`sojourn export`: a ticket for another computer."""

from pathlib import Path

import click

from sojourn.cli import output
from sojourn.cli.amounts import count
from sojourn.cli.ending import failed_each
from sojourn.cli.opening import open_store
from sojourn.cli.options import choosing
from sojourn.cli.selection import Choice, named, several
from sojourn.errors import EXIT_DONE, EXIT_FAILED, SojournError, UsageError


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
        errors: list[SojournError] = []
    else:
        text, errors = _ticket(choice)
    if file is None:
        click.echo(text)
        return EXIT_FAILED if failed_each(errors) else EXIT_DONE
    from sojourn.folder import write_file

    try:
        write_file(file, f"{text}\n".encode())
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    output.note(f"written: {file}; on the other computer: sojourn import {file.name}")
    return EXIT_FAILED if failed_each(errors) else EXIT_DONE


def _ticket(choice: Choice) -> tuple[str, list[SojournError]]:
    """The ticket, and why jobs are not in it."""
    from sojourn.machines.loading import load_machines
    from sojourn.tickets.exporting import make_ticket

    machines, errors = load_machines(), []
    with open_store() as store:
        jobs = several(store, choice)
        for name in {job.machine for job in jobs}:
            try:
                machines.get(name)
            except SojournError as error:
                errors.append(error)
                there = [job for job in jobs if job.machine == name]
                jobs = [job for job in jobs if job.machine != name]
                output.note(f"left out: {count(len(there), 'job')} of {name}: {named(there)}")
        if errors and not jobs:
            raise errors.pop()
        return make_ticket(jobs, machines, store).model_dump_json(indent=2), errors
