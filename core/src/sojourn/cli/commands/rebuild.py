"""`sojourn rebuild`: the store made anew from what lies on a machine."""

import click

from sojourn.cli import joblist, output
from sojourn.cli.amounts import count
from sojourn.cli.opening import open_session
from sojourn.cli.options import as_json, on_machine

_TOLD = 5


@click.command
@on_machine
@as_json
def command(machine: str | None, as_json: bool) -> None:
    """Record every job that lies on a machine, as after the loss of the store; one trip.

    Jobs that are known already stay as they are, unless the machine has a newer attempt. Jobs that have not ended are asked about and
    followed from then on. Values of secrets and remembered steps are not to be had again.

    \b
    Examples:
      sojourn rebuild -m hpc
    """
    from sojourn.session.rebuilding import rebuild

    with open_session() as session:
        name = session.link(machine).name
        found = rebuild(session, name)
        joblist.show([*found.added, *found.renewed], as_json=as_json)
    new, known = count(len(found.added), "job"), count(found.known, "other")
    output.note(f"{new} of {name} recorded; {known} known before")
    if found.renewed:
        output.note(
            f"{count(len(found.renewed), 'job')} retried elsewhere: newest attempt recorded"
        )
    for signature, why in list(found.left_out.items())[:_TOLD]:
        output.note(f"left out {signature[:12]}: {why}")
    if len(found.left_out) > _TOLD:
        output.note(f"and {len(found.left_out) - _TOLD} more were left out")
