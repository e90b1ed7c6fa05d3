"""`sojourn gc`: free results here, and job directories on machines."""

import click

from sojourn.cli import output
from sojourn.cli.amounts import count, size
from sojourn.cli.ending import failed
from sojourn.cli.opening import open_session
from sojourn.cli.options import Duration, Size, as_json, on_machine
from sojourn.cli.sweeping import HEADS, Gone, here, superseded_signatures, there
from sojourn.cli.tables import table
from sojourn.errors import EXIT_DONE, SojournError, UsageError


@click.command
@click.option(
    "--older-than",
    type=Duration(),
    metavar="TIME",
    help="What was not used for so long (30d, 12h).",
)
@click.option(
    "--keep-size",
    type=Size(),
    metavar="SIZE",
    help="The longest unused results, until the rest takes no more than this.",
)
@click.option(
    "--superseded",
    is_flag=True,
    help="Only of jobs that the last run of their workflow does not have any more.",
)
@click.option(
    "--remote", is_flag=True, help="Directories of ended jobs on machines, instead of results."
)
@on_machine
@click.option(
    "--unfetched",
    is_flag=True,
    help="With --remote: completed jobs too whose result is not here.",
)
@click.option("--dry-run", is_flag=True, help="Only list what would go.")
@as_json
def command(
    older_than: float | None,
    keep_size: int | None,
    superseded: bool,
    remote: bool,
    machine: str | None,
    unfetched: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Free space: results in the cache here, or with --remote what ended jobs left on machines.

    Try it with --dry-run first. Jobs that have not ended, what they need, and inputs that were
    used within a day stay in any case. A result that is freed here can be fetched again as
    long as it lies on the machine.

    \b
    Examples:
      sojourn gc --older-than 30d --dry-run
      sojourn gc --keep-size 20GiB
      sojourn gc --superseded
      sojourn gc --remote -m hpc --older-than 14d
    """
    if older_than is None and not superseded and (keep_size is None or remote):
        others = "" if remote else ", --keep-size 20GiB"
        raise UsageError(
            "nothing says what may go", hint=f"give --older-than 30d{others}, or --superseded"
        )
    if remote and keep_size is not None:
        raise UsageError("--keep-size is about results here", hint="leave out --remote, or this")
    status = EXIT_DONE
    gone: list[Gone] = []
    with open_session() as session:
        only = superseded_signatures(session.store) if superseded else None
        if older_than is None and keep_size is None:
            older_than = 0.0
        if not remote:
            gone = here(session, older_than, keep_size, dry_run=dry_run, only=only)
        else:
            known = session.store.machines()
            used = [name for name in session.machines.names() if name in known]
            names = used if machine is None else [machine]
            for name in names:
                try:
                    gone += there(
                        session, name, older_than or 0.0, unfetched, dry_run=dry_run, only=only
                    )
                except SojournError as error:
                    status = failed(error)
    if as_json:
        output.rows(one.to_json(removed=not dry_run) for one in gone)
    elif gone:
        click.echo(table(HEADS, [one.cells() for one in gone], width=output.width()))
    total = size(sum(one.size for one in gone))
    verb = "would be freed" if dry_run else "freed"
    output.note(f"{count(len(gone), 'entry', 'entries')}, {total} {verb}")
    return status
