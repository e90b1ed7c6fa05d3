"""Times and sizes as schedulers print them, and memory as they take it."""

import re
from fractions import Fraction

_DURATION = re.compile(
    r"(?:\d{1,9}[-:](?=\d+:\d+:\d))?(?:\d{1,9}:){0,2}\d{1,9}(?:\.\d{1,9})?", re.ASCII
)
_SCALE = (1, 60, 3600, 86400)
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)([kmgtp]?)([bw]?)", re.ASCII | re.IGNORECASE)
_WORD = 8


def seconds(text: str) -> float | None:
    """Seconds of `90`, `26:00:00`, `2-10:01:02` or `00:00.012`; None for anything else."""
    if _DURATION.fullmatch(text) is None:
        return None
    fields = reversed(re.split("[-:]", text))
    return sum(float(field) * unit for field, unit in zip(fields, _SCALE, strict=False))


def size(text: str) -> int | None:
    """Bytes of `10`, `6068kb`, `4156K`, `1.50G` or `1kw` (words of eight); None for anything else.

    Letters are powers of 1024.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    unit = _WORD if match[3].lower() == "w" else 1
    return int(Fraction(match[1]) * unit * 1024 ** " kmgtp".index(match[2].lower() or " "))


def mebibytes(amount: int, unit: str = "M") -> str:
    """Bytes in mebibytes, rounded up, with the scheduler's name for that unit."""
    return f"{-(-amount // 1024**2)}{unit}"


def clock(duration: int) -> str:
    """Seconds as `HH:MM:SS`, hours as many as there are."""
    return f"{duration // 3600:02}:{duration // 60 % 60:02}:{duration % 60:02}"
