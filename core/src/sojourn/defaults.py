"""Numbers that the whole of Sojourn agrees on, each with its reason."""

CONTRACT_VERSION = 1
"""Version of the hook contract; a plugin states the one it was built for."""

SIGNATURE_FORMAT = 2
"""First component of every signature: changes only if the rule of identity does."""

SITE_FORMAT = 1
"""Layout of a machine's root directory, written to `<root>/version`."""

LOST_AFTER = 120.0
"""Seconds of watched absence, in at least two polls, before a vanished job is LOST."""

EXIT_GRACE = 60.0
"""Seconds to wait for an exit file that the scheduler's word says must come (slow file systems)."""

LAG_GRACE = 300.0
"""Seconds for which a job that has left its exit status waits for the scheduler to say that it is
over: a controller under load, an epilog, a daemon of the node that is down."""

WORD_GRACE = 86400.0
"""Seconds after its end for which a job that was asked to end waits for the scheduler's word on why,
while the scheduler's answer about it is not known (a database that is down, other people's jobs)."""

ADOPT_AFTER = 60.0
"""Age in seconds from which a claim without an id is looked up in the queue, adopted or closed."""

UNCLEAR_TRIES = 5
"""Submissions of one job that may be answered with words that are not understood, before a person
has to look."""

UNCLEAR_DELAY = 60
"""Seconds until such a job is submitted again; doubled with each try."""

POLL_INTERVAL = 30.0
"""Seconds between two polls of one machine."""

POLL_COST_FACTOR = 5.0
"""A machine is never polled more often than this many times what its last poll cost it."""

POLL_COST_MOST = 60.0
"""Seconds that a poll counts at most: however slow, a machine is asked again within five minutes."""

MAX_CHANNELS = 4
"""Channels open at once on one connection; sshd's MaxSessions is 10 and others want some too."""

CONNECT_TIMEOUT = 20.0
"""Seconds to wait for a connection and its greeting."""

IDLE_TIMEOUT = 600.0
"""Seconds of silence after which a channel counts as lost: a slow controller takes 18 s a command."""

RETRY_ATTEMPTS = 4
"""Tries of a repeatable operation on transient errors."""

CONFIRM_OVER = 20
"""So many known jobs under a new signature are submitted without asking."""

DEFAULT_ROOT = "~/.sojourn"
"""Root directory on a machine that names none."""

BLOB_KEEP = 86400.0
"""Seconds for which gc leaves a blob alone after its last use."""

SIGNATURE_PREFIX = 4
"""Fewest characters of a signature that the command line accepts."""
