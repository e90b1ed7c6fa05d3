"""Resource words written as people write them, so that they can be read back. Pure."""

_SIZES = (
    ("TiB", 1024**4), ("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024),
    ("TB", 1000**4), ("GB", 1000**3), ("MB", 1000**2), ("KB", 1000),
)  # fmt: skip
_MEMORY = frozenset({"memory", "memory_per_cpu"})


def memory_text(number: int) -> str:
    """Bytes in the largest unit that holds a whole number of them: `600MiB`, `16GB`, `1023`."""
    fitting = [(number // size, unit) for unit, size in _SIZES if number and number % size == 0]
    whole, unit = min(fitting, default=(number, ""))
    return f"{whole}{unit}"


def walltime_text(seconds: int) -> str:
    """Seconds in days, hours, minutes and seconds: `2h`, `1d12h`, `90s` as `1m30s`."""
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        whole, seconds = divmod(seconds, size)
        if whole:
            parts.append(f"{whole}{unit}")
    return "".join(parts) or "0s"


def resource_text(word: str, value: object) -> str:
    """The value of a resource word: `16GiB`, `2h30m`, `4`."""
    if word in _MEMORY and isinstance(value, int):
        return memory_text(value)
    if word == "walltime" and isinstance(value, int):
        return walltime_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)
