"""What sbatch says when it fails, and what each of its sentences means.

Sources: the table of error texts in Slurm's `src/common/slurm_errno.c`, what `src/sbatch` and
`src/common/read_config.c` print themselves (20.11 to 26.05), and recorded outputs. What is in no
table, such as a site's own submit plugin, which ends with "Unspecified error" like much else, is
UNCLEAR. Patterns are whole phrases: a site's own words may speak of connections and time-outs, too.
"""

import re

from sojourn.batch.commands import meaning
from sojourn.batch.scheduler import CommandResult, Verdict

_OUTAGE = (
    # The way to the controller.
    r"Unable to contact slurm controller|Unable to establish control"
    r"|Communication (?:connection|shutdown) failure|Message (?:send|receive) failure"
    r"|Unexpected (?:message received|missing socket error)|Insane message length"
    r"|Received (?:zero length message|message length < 0)|Failed to send entire message"
    r"|Header lengths are longer than data received|Socket timed out on send/recv"
    r"|Zero Bytes were transmitted|Connection (?:refused|timed out|reset by peer|rejected by handler)"
    r"|Connection forced closed|No route to host|Network is unreachable"
    r"|in standby mode|Process is shutting down|TLS missing but required"
    r"|Incompatible versions of client and server|Kernel reported delayed socket error"
    # Who we are.
    r"|Munge (?:encode|decode) failed|[Aa]uthentication (?:credential|plugin|agent)"
    r"|Protocol authentication error|authentication public key|Cannot unpack credential"
    r"|Unable to query kernel for socket peer|Token Generation failed"
    # What stands behind the controller, and its own state.
    r"|Unable to connect to database|Database connection reference is invalid"
    r"|Unable to create job record, try again|Slurm internal error|Job update not available right now"
    # The commands' own configuration.
    r"|Could not establish a configuration source|Unable to process configuration file"
    r"|Can't find an address, check slurm.conf|Plugin initialization failed|Dlopen of plugin"
    r"|Plugin (?:init\(\) callback failed|file not found|has invalid format)"
)
_FULL = (
    r"job submit limit|job queue full|temporarily (?:unable|disabled)|presently disabled"
    r"|Resource temporarily unavailable|Rate limit exceeded|submissions disabled"
    r"|Invalid job array specification|I/O error writing script|MaxJobCount"
)
_REFUSED = (
    # slurm_errno.c: what a job asks for.
    r"\b[Ii]nvalid (?!or NULL Lua|or reserved UTF)|Access/permission denied|Access denied to requested"
    r"|Burst Buffer (?:permission denied|resource limit)|not permitted to use this partition"
    r"|[Rr]equested (?:nodes not in|node|partition|topology|time limit|reservation|account|GRES|more)"
    r"|Requested operation not supported|More processors requested|Requires more ports"
    r"|(?:Node|Task|CPU) count specification|Task distribution specification"
    r"|(?:Job size|Time limit) specification|No partition specified|Job script not specified"
    r"|Required (?:node|partition) not available|Partition in DOWN state|Required nodes (?:lack|do not)"
    r"|Pathname of a file.* too long|(?:J|Circular j)ob dependency|Only batch jobs are accepted"
    r"|Memory (?:required by task|specification)|Multiple (?:partition job|KNL)|Job --batch option"
    r"|Environment is missing|Duplicate generic resource|Cannot request more threads"
    r"|Insufficient GRES|Container support is not|No eligible clusters|X11 forwarding not"
    r"|without the current working directory|RestrictedCoresPerGPU|topology (?:unit|allocation)"
    # sbatch itself: options and scripts.
    r"|unrecognized option|option .*(?:requires|is ambiguous|doesn't allow)|Unable to open file"
    r"|batch script|DOS line breaks|Script arguments|not a valid|mutually exclusive"
)
_VERDICTS = (
    # A limit by its name comes on a line before the general one.
    (Verdict.FULL, r"\b(?:Assoc|QOS|Max)\w*Submit"),
    (Verdict.REFUSED, r"\b(?:Assoc|QOS)(?:Max|Min|Grp|Not)\w+|\bMax\w+Per\w+|\bMaxMem\w+"),
    (Verdict.FULL, _FULL),
    (Verdict.UNAVAILABLE, _OUTAGE),
    (Verdict.REFUSED, _REFUSED),
)
_BAD_OPTION = 255
_NOT_RUN = frozenset({126, 127, *range(129, 160)})
"""Statuses of a shell that found no sbatch, or whose sbatch was ended by a signal."""


def read_refusal(result: CommandResult) -> Verdict:
    """What an sbatch means that has failed."""
    otherwise = Verdict.UNAVAILABLE if result.status in _NOT_RUN else Verdict.UNCLEAR
    otherwise = Verdict.REFUSED if result.status == _BAD_OPTION else otherwise
    return meaning(result.stderr, _VERDICTS, otherwise)


def is_outage(stderr: str) -> bool:
    """Whether a command says that the controller, or the way to it, is out of order."""
    return re.search(_OUTAGE, stderr) is not None
