"""Times, ages and sizes as people read them. Pure."""

from datetime import datetime

_SIZES = ("KiB", "MiB", "GiB", "TiB", "PiB")


def age(seconds: float) -> str:
    """In the largest unit that fills: `42s`, `3m`, `5h`, `12d`."""
    whole = int(seconds)
    if whole < 60:
        return f"{max(0, whole)}s"
    if whole < 3600:
        return f"{whole // 60}m"
    return f"{whole // 3600}h" if whole < 86400 else f"{whole // 86400}d"


def duration(seconds: float) -> str:
    """In two units: `42s`, `3m 20s`, `5h 3m`, `2d 4h`; below ten seconds with a tenth."""
    if 0 < seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{max(0, whole)}s"
    if whole < 3600:
        much, rest, units = whole // 60, whole % 60, "ms"
    elif whole < 86400:
        much, rest, units = whole // 3600, whole % 3600 // 60, "hm"
    else:
        much, rest, units = whole // 86400, whole % 86400 // 3600, "dh"
    return f"{much}{units[0]} {rest}{units[1]}" if rest else f"{much}{units[0]}"


def local_time(at: float) -> str:
    """Seconds since the epoch in local time."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def size(number: float) -> str:
    """Bytes in the unit that fits: `512 B`, `1.2 GiB`."""
    if number < 1024:
        return f"{number:.0f} B"
    place = 0
    while (number := number / 1024) >= 1024 and place < len(_SIZES) - 1:
        place += 1
    return f"{number:.1f} {_SIZES[place]}" if number < 100 else f"{number:.0f} {_SIZES[place]}"


def count(number: int, what: str, many: str = "") -> str:
    """`1 job`, `3 jobs`."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"
