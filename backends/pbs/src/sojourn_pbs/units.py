"""Times and sizes as PBS writes them."""

import calendar
import re

IN_UTC = "TZ=UTC0"
"""Put before qstat: it is qstat itself that writes times, in its own zone and without naming
it, so it is told which. No offset could do that for times on both sides of a clock change."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOMENT = re.compile(r"\w{3} (\w{3}) +(\d+) (\d+):(\d+):(\d+) (\d{4})", re.ASCII)
_SIZE = re.compile(r"(\d+)([kmgtp]?)([bw]?)", re.ASCII | re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_WORD = 8


def moment(text: str) -> float | None:
    """Seconds since the epoch of `Sun Nov 22 07:16:00 2026`; None for anything else."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None or match[1] not in _MONTHS:
        return None
    day, hour, minute, second, year = (int(field) for field in match.groups()[1:])
    month = _MONTHS.index(match[1]) + 1
    try:
        return float(calendar.timegm((year, month, day, hour, minute, second)))
    except (ValueError, OverflowError):
        return None


def seconds(text: str) -> float | None:
    """Seconds of `26:00:00` or `90`; None for anything else."""
    if re.fullmatch(r"\d{1,9}(:\d{1,9}){0,3}", text, re.ASCII) is None:
        return None
    fields = [int(field) for field in text.split(":")]
    scale = (1, 60, 3600, 86400)
    return float(sum(field * unit for field, unit in zip(reversed(fields), scale, strict=False)))


def size(text: str) -> int | None:
    """Bytes of `6068kb`; None for anything else."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    unit = _WORD if match[3].lower() == "w" else 1
    return int(match[1]) * unit << 10 * _POWERS[match[2].lower()]


def clock(duration: int) -> str:
    """Seconds as `HH:MM:SS`: a bare number means minutes to some and seconds to others."""
    return f"{duration // 3600:02}:{duration // 60 % 60:02}:{duration % 60:02}"


def mebibytes(amount: int) -> str:
    """Bytes as PBS counts memory, rounded up. Slurm's qsub misreads the unit `b`."""
    return f"{-(-amount // 1024**2)}mb"
