"""`sojourn shell`: a shell in a job's directory."""

import os
import sys

import click

from sojourn.cli.opening import open_store
from sojourn.cli.options import of_machine, one_job
from sojourn.cli.output import note
from sojourn.cli.selection import one
from sojourn.errors import NotPossible


@click.command
@one_job
@of_machine
def command(signature: str, machine: str | None) -> None:
    """Open a shell in a job's directory, on its machine; `exit` comes back.

    Over ssh the ssh program is used, with a connection of `sojourn login` if there is one.

    \b
    Examples:
      sojourn shell 3f2a
      echo 'ls -l' | sojourn shell hpc:8142
    """
    from sojourn.cli.remoteshell import shell_command
    from sojourn.machines.loading import load_machines

    with open_store() as store:
        job = one(store, signature, machine)
    if not job.job_dir:
        raise NotPossible(
            f"job {job.signature[:8]} has no directory yet: it is {job.state}",
            hint="`sojourn status` asks again",
        )
    place = load_machines().get(job.machine)
    words = shell_command(place, job.job_dir, terminal=sys.stdin.isatty())
    note(f"{job.machine}:{job.job_dir}/work")
    sys.stdout.flush()
    try:
        os.execvp(words[0], words)  # noqa: S606  it is a shell that is asked for
    except OSError as error:
        raise NotPossible(
            f"cannot start {words[0]}: {error.strerror}", hint="is it installed, and on PATH?"
        ) from error
