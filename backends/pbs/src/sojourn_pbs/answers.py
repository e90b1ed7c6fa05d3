"""What PBS's commands say when they fail, and what each of their sentences means.

Sources: `src/lib/Liblog/pbs_messages.c` and `src/cmds/qsub.c` of OpenPBS (19.1 to 23.06);
`src/include/pbs_error_db.h` and `src/cmds/qsub_functions.c` of Torque 6; for Slurm's commands for
Torque users, which print what sbatch says, `src/common/slurm_errno.c` of Slurm; and recorded
outputs. What is in no table is UNCLEAR. Patterns are whole phrases: a site's hooks and filters
have words of their own.
"""

import re

from sojourn.batch.commands import meaning
from sojourn.batch.scheduler import CommandResult, Verdict

NO_SERVER = (
    r"cannot connect to server|Couldn't connect|Could not connect|Connection refused|Unknown Host"
    r"|Can not establish connection|unable to authenticate|cannot contact|Unable to contact"
    r"|Premature End of File|: End of File|Server shutting down|Time out\b|timed out\. Trying"
    r"|Connection timed out|Socket timed out|socket_connect error|could not connect to trqauthd"
    r"|No free connections|connection table full|Server busy|too busy to service|background qsub"
    r"|Problem loading|Failed to load configuration|Zero Bytes were transmitted"
    r"|Premature end of message|[Pp]rotocol (?:failure|error)|Bad Request Protocol"
    r"|Communication failure|trqauthd unable to authorize|Could not resolve host name"
    r"|PBS server internal error|System error|Resource temporarily unavailable|Try again"
    r"|temporarily unable to|in standby mode|Munge (?:encode|decode) failed"
    r"|Unable to connect to database|Could not establish a configuration source"
    r"|Unable to process configuration file|pbs_server daemon may not be running"
    r"|Failed to save job|Error saving file|: Error \(?150(?:10|11|31|33)\)?"
)
"""What a server that is down, starting, stopping or too busy makes PBS's commands say."""

_FULL = (
    r"would exceed .*limit|Maximum number of jobs|exceeds server or queue size limit"
    r"|Bad Job Array Request|Queue is currently not available"
    r"|MaxSubmit\w*Limit|MaxJobCount|MaxArraySize"
)
_REFUSED = (
    # pbs_messages.c and pbs_error_db.h: what a job asks for.
    r"Unknown (?:queue|resource|node|option)|Undefined attribute|Illegal (?:attribute|value)"
    r"|Cannot set attribute|Unauthorized Request|Access (?:to queue is denied|from host not allowed)"
    r"|Queue (?:is not enabled|does not allow)|Job (?:violates|exceeds) |rejected by all possible dest"
    r"|Resource (?:limit exceeds|invalid in)|Bad [UG]ID|Invalid (?:Account|Job Dependency|request)"
    r"|No default queue|No support for requested|cannot be used with|Cannot (?:be used with|have)"
    r"|[Dd]uplicated? (?:entry|resource)|Mutually exclusive|name is too long|node\(s\) specification"
    r"|jobscript size exceeded|attribute value is out of range|min_walltime|conflicting specification"
    r"|Modification failed|Not allowed|Wrong job type|resource request conflicts|minimum limit"
    r"|Dependent parent job currently in routing queue|request rejected by '"
    # qsub itself, and Torque's submit filter.
    r"|illegal(?:ly)? |invalid (?:option|name|value|-)|usage: qsub|script (?:contains|not a|file)"
    r"|cannot (?:access|be loaded)|No such file|script is a directory|unmatched |conflicting options"
    r"|cannot send environment|can not be run as root|administratively rejected|submit filter returned an error"
    r"|: Error \(?150\d\d\)?"
    # slurm_errno.c, as Slurm's qsub passes it on.
    r"|\b[Ii]nvalid (?:account|partition|qos|wckey|feature|generic|license|node|job|--)"
    r"|Access/permission denied|not permitted to use this partition|Unable to open file"
    r"|[Rr]equested (?:node|partition|time limit|reservation)|More processors requested"
    r"|Memory (?:required|specification)|(?:Node|Task|CPU) count specification|batch script"
    r"|Required (?:node|partition) not available|Partition in DOWN state|Required nodes (?:lack|do not)"
    r"|(?:Job size|Time limit) specification|No partition specified"
)
_VERDICTS = (
    (Verdict.UNCLEAR, r"encountered an exception"),  # a hook's: nothing was said about the job
    (Verdict.UNAVAILABLE, NO_SERVER),
    (Verdict.FULL, _FULL),
    (Verdict.REFUSED, _REFUSED),
)
_BY_HOOK = 32
"""OpenPBS: the low byte of PBSE_HOOKERROR (15136), with the hook's own words."""
_KILLED = frozenset({126, 127, *range(129, 153)})
"""Statuses of a shell that found no qsub, or whose qsub was ended by a signal; those of PBS's own
begin above."""


def read_refusal(result: CommandResult) -> Verdict:
    """What a qsub means that has failed. Its words count before its exit status: releases number
    those anew."""
    if result.status in _KILLED:
        return Verdict.UNAVAILABLE
    otherwise = Verdict.REFUSED if result.status == _BY_HOOK else Verdict.UNCLEAR
    return meaning(result.words, _VERDICTS, otherwise)


def complaints(text: str) -> list[str]:
    """The lines of a standard error that mean something: Slurm's commands leak Perl's warnings."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [line for line in lines if not re.match(r"Use of uninitialized value ", line)]


def no_server(result: CommandResult) -> bool:
    """Whether a command failed because it had no server to talk to."""
    return result.status != 0 and re.search(NO_SERVER, result.words) is not None
