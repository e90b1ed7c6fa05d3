"""`sojourn script`: what submit would hand to the scheduler, contacting nothing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from sojourn.cli import output
from sojourn.cli.joboptions import describing
from sojourn.cli.opening import open_session
from sojourn.cli.options import on_machine

if TYPE_CHECKING:
    from sojourn.values.job import Job


@click.command(context_settings={"allow_interspersed_args": False})
@on_machine
@describing
def command(make_job: "Callable[[], Job]", machine: str | None) -> None:
    """Print the script that submit would hand to the scheduler; contacts no machine.

    Takes the options of `sojourn submit`. Values of secrets are not shown.

    \b
    Examples:
      sojourn script -m hpc --resource walltime=2h -- ./solve mesh.dat
      sojourn script -m hpc --script job.sbatch --resource memory=32GiB
    """
    job = make_job()
    with open_session() as session:
        from sojourn.cli.rendering import render

        output.block(render(session, job, machine))
