"""`sojourn fetch`: results, or what there is of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sojourn.cli import output
from sojourn.cli.bringing import Brought, Found, bring_partial, bring_remote, bring_results
from sojourn.cli.copying import copy_out, make_folders
from sojourn.cli.ending import failed
from sojourn.cli.opening import open_session
from sojourn.cli.options import as_json, choosing
from sojourn.cli.result_names import Directories, directories
from sojourn.cli.selection import Choice, several
from sojourn.errors import EXIT_DONE, EXIT_FAILED, EXIT_SUSPENDED, UsageError
from sojourn.states import State
from sojourn.store.plans import Membership
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.session.session import Session


@click.command
@choosing
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Copy the files into DIR; several jobs get a directory each there, with their names."
    " May have fields in braces, such as out/{step}/{index}.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="Files of jobs that failed or still run, as they are; never into the result cache.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="With --partial: these, instead of the declared outputs.",
)
@click.option(
    "--remote",
    multiple=True,
    metavar="GLOB",
    help="Outputs that stayed on the machine, too.",
)
@as_json
def command(
    choice: Choice,
    folder: Path | None,
    partial: bool,
    only: tuple[str, ...],
    remote: tuple[str, ...],
    as_json: bool,
) -> int:
    """Bring the results of completed jobs here, and print where they are.

    A result that is here already is not fetched again, and no machine is contacted. Without
    -o the path of the read-only result is printed. A job that has not ended gives status 75.

    DIR may have the fields {name}, {workflow}, {step}, {index} (which item of a map, from 0),
    {node}, {machine}, {attempt} and {signature}, with a format: {index:03}, {signature:.8}.

    \b
    Examples:
      sojourn fetch 3f2a -o .
      sojourn fetch --workflow co2 -o results
      sojourn fetch --workflow co2 -o 'results/{step}/{index:03}'
      sojourn fetch 3f2a --remote 'big/*.h5' -o .
      sojourn fetch 3f2a --partial --only '*.log'
    """
    if only and not partial:
        raise UsageError("--only goes with --partial", hint="a result is always brought whole")
    if partial and remote:
        raise UsageError(
            "--partial and --remote exclude each other", hint="take one, then the other"
        )
    with open_session() as session:
        jobs = several(session.store, choice, otherwise=None if partial else [State.COMPLETED])
        if not jobs:
            output.note("there is no such job with a result")
            return EXIT_DONE
        named = _directories(session, folder or _partial_folder(jobs), jobs, choice.workflow)
        if partial:
            # Only a directory that was named may be a link.
            top = named.top if folder is None else named.top.resolve()
            make_folders(top, named.names.values())
            into = {signature: top / name for signature, name in named.names.items()}
            brought = bring_partial(session, jobs, only, into)
            places = [named.place(one.job.signature) for one in brought.found]
        else:
            brought = (
                bring_remote(session, jobs, remote) if remote else bring_results(session, jobs)
            )
            places = [
                one.path
                if folder is None
                else copy_out(one.path, named.top, named.names[one.job.signature])
                for one in brought.found
            ]
    if as_json:
        output.rows(map(_as_object, brought.found, places))
    else:
        for place in places:
            click.echo(place)
    return _tell(brought)


def _directories(
    session: "Session", target: Path, jobs: Sequence[JobRecord], workflow: str | None
) -> Directories:
    def places(job: JobRecord) -> Sequence[Membership]:
        return session.store.memberships(job.signature, job.machine)

    return directories(target, jobs, places, workflow)


def _partial_folder(jobs: Sequence[JobRecord]) -> Path:
    return Path(f"{jobs[0].signature[:8]}-partial" if len(jobs) == 1 else "partial")


def _tell(brought: Brought) -> int:
    """What did not come, and why; the exit status that says so."""
    for error in brought.errors:
        failed(error)
    for job in brought.unfinished:
        output.note(f"job {job.signature[:8]} is {job.state}: there is no result yet")
    if brought.unfinished:
        output.hint("`sojourn wait` waits for it; --partial brings what there is now")
    if brought.errors:
        return EXIT_FAILED
    return EXIT_SUSPENDED if brought.unfinished else EXIT_DONE


def _as_object(one: Found, place: Path) -> dict[str, Any]:
    files = () if one.result is None else one.result.manifest.files
    return {
        "signature": one.job.signature,
        "name": one.job.name,
        "machine": one.job.machine,
        "state": one.job.state.value,
        "attempt": one.job.attempt,
        "path": str(place),
        "files": [
            {"name": file.name, "size": file.size, "kind": file.kind, "sha256": file.digest}
            for file in files
        ],
        "remote": {} if one.result is None else dict(one.result.remote),
    }
