"""`sojourn status`: ask the machines, then tell."""

import click

from sojourn.cli import joblist
from sojourn.cli.opening import open_session
from sojourn.cli.options import as_json, choosing
from sojourn.cli.output import hint, note
from sojourn.cli.selection import Choice, several
from sojourn.cli.waiting import tell_stuck
from sojourn.errors import EXIT_DONE, EXIT_FAILED, SojournError
from sojourn.states import ACTIVE, State


@click.command
@choosing
@as_json
def command(choice: Choice, as_json: bool) -> int:
    """Ask the machines how jobs stand, one trip each, and print it.

    Without SIG all jobs that have not ended. A machine that cannot be reached changes no
    job's state: what was last heard is shown with its age, and the exit status is 1.

    \b
    Examples:
      sojourn status
      sojourn status 3f2a hpc:8142
      sojourn status --workflow co2 --json
    """
    if choice.empty:
        choice = Choice(states=ACTIVE)
    with open_session() as session:
        jobs = several(session.store, choice)
        errors = session.refresh_each(jobs)
        left_out = {job.machine for job in jobs if job.state is State.NEW} - errors.keys()
        for machine in left_out:  # what had to wait is handed in at any contact
            try:
                session.submit_waiting(machine)
            except SojournError as refusal:
                errors[machine] = refusal
        jobs = session.again(jobs)
        joblist.show(
            session.store.pauses().shown(jobs),
            as_json=as_json,
            superseded=session.store.superseded(),
        )
        if not jobs:
            note("no jobs are out" if choice.states == ACTIVE else "no such jobs")
        for error in errors.values():
            note(str(error))
            if error.hint:
                hint(error.hint)
        told = " ".join(map(str, errors.values()))
        for line in joblist.machine_notes(session.store, jobs):
            if line.rpartition(": ")[2] not in told:
                note(line)
        tell_stuck(session.store, jobs)
    return EXIT_FAILED if errors else EXIT_DONE
