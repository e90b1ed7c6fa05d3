"""Times as PBS writes them."""

import re
from email.utils import mktime_tz, parsedate_tz

IN_UTC = "TZ=UTC0"
"""Put before qstat: it is qstat itself that writes times, in its own zone and without naming
it, so it is told which. No offset could do that for times on both sides of a clock change."""

_MOMENT = re.compile(r"\w{3} \w{3} +\d{1,2} \d{1,2}:\d{1,2}:\d{1,2} \d{4}", re.ASCII)


def moment(text: str) -> float | None:
    """Seconds since the epoch of `Sun Nov 22 07:16:00 2026`; None for anything else."""
    parsed = parsedate_tz(text) if _MOMENT.fullmatch(text) else None
    return float(mktime_tz(parsed)) if parsed is not None else None
