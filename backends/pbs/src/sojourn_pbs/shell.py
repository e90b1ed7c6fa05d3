"""Commands as shell text, and what PBS's commands say when there is no answer."""

import re
from collections.abc import Iterable
from shlex import quote

from sojourn.batch.scheduler import CommandResult
from sojourn.errors import SchedulerUnavailable

_NOT_FOUND = 127
_NO_SERVER = re.compile(
    r"cannot connect to server|Couldn't connect|Could not connect|Connection refused|Unknown Host"
    r"|Can not establish connection|unable to authenticate|cannot contact|Unable to contact"
    r"|Premature End of File|End of File|[Pp]rotocol error|Server shutting down|[Tt]imed? ?out\b"
    r"|No free connections|connection table full|Server busy|background qsub"
    r"|Problem loading|Zero Bytes were transmitted|temporarily unable to|Socket timed out"
    r"|Premature end of message|[Pp]rotocol failure|Communication failure|Batch protocol error"
    r"|PBS server internal error|System error|Resource temporarily unavailable"
    r"|Failed to save job|: Error \(?150(10|11|31|33)\)?",
)
"""What a server that is down, starting, stopping or too busy makes PBS's commands say."""


def command(*words: str) -> str:
    """A command whose words mean nothing to the shell."""
    return " ".join(quote(word) for word in words)


def each(commands: Iterable[str]) -> str:
    """Many commands in one; `statuses` reads what they print, both streams mixed."""
    return "\n".join(f'{one} 2>&1; echo "@status $?"' for one in commands)


def statuses(text: str) -> list[CommandResult]:
    """What each command of `each` printed, and its exit status."""
    results: list[CommandResult] = []
    begin = 0
    for match in re.finditer(r"@status (\d{1,3})\n", text):
        results.append(CommandResult(int(match[1]), text[begin : match.start()], ""))
        begin = match.end()
    return results


def complaints(text: str) -> list[str]:
    """The lines of a standard error that mean something: Slurm's commands leak Perl's warnings."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [line for line in lines if not re.match(r"Use of uninitialized value ", line)]


def no_server(result: CommandResult) -> bool:
    """Whether a command failed because it had no server to talk to."""
    return result.status != 0 and _NO_SERVER.search(result.words) is not None


def unavailable(result: CommandResult, name: str) -> SchedulerUnavailable:
    """The error for a command that gave no dependable answer."""
    if result.status == _NOT_FOUND:
        return SchedulerUnavailable(
            f"{name} was not found", hint="name its directory under `path:` in machines.yaml"
        )
    lines = dict.fromkeys(line.strip() for line in result.words.splitlines() if line.strip())
    said = "; ".join(lines) or f"{name} ended with exit status {result.status}"
    return SchedulerUnavailable(
        f"PBS gave no answer: {said[:300]}",
        hint="jobs keep their states until it answers again",
    )
