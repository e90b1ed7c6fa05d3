"""What PBS's commands say when there is no answer."""

import re

from sojourn.batch.scheduler import CommandResult

NO_SERVER = (
    r"cannot connect to server|Couldn't connect|Could not connect|Connection refused|Unknown Host"
    r"|Can not establish connection|unable to authenticate|cannot contact|Unable to contact"
    r"|Premature End of File|End of File|[Pp]rotocol error|Server shutting down|[Tt]imed? ?out\b"
    r"|No free connections|connection table full|Server busy|background qsub"
    r"|Problem loading|Zero Bytes were transmitted|temporarily unable to|Socket timed out"
    r"|Premature end of message|[Pp]rotocol failure|Communication failure|Batch protocol error"
    r"|PBS server internal error|System error|Resource temporarily unavailable"
    r"|Failed to save job|: Error \(?150(10|11|31|33)\)?"
)
"""What a server that is down, starting, stopping or too busy makes PBS's commands say."""


def complaints(text: str) -> list[str]:
    """The lines of a standard error that mean something: Slurm's commands leak Perl's warnings."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [line for line in lines if not re.match(r"Use of uninitialized value ", line)]


def no_server(result: CommandResult) -> bool:
    """Whether a command failed because it had no server to talk to."""
    return result.status != 0 and re.search(NO_SERVER, result.words) is not None
