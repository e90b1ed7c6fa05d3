"""Which plugins are installed: the entry points of the group, scanned but not loaded."""

from collections.abc import Mapping
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points

from sojourn.contract import GROUP


def scan() -> Mapping[str, tuple[EntryPoint, ...]]:
    """Every entry point of the group, by its name; a name with more than one is a clash.

    A distribution found twice on the import path counts once, as Python counts it. One whose
    entry points cannot be read is left out.
    """
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in _points():
        others = found.get(point.name, ())
        if not any(_same(point, other) for other in others):
            found[point.name] = (*others, point)
    return dict(sorted(found.items()))


def _same(one: EntryPoint, other: EntryPoint) -> bool:
    """Entry points are equal to Python wherever they come from: a copy under another
    distribution's name is a clash, too."""
    return one == other and distribution_of(one) == distribution_of(other)


def _points() -> list[EntryPoint]:
    try:
        return list(entry_points(group=GROUP))
    except Exception:  # noqa: BLE001  a damaged distribution, ours or not, stops Python's own scan
        return [point for dist in _first_of_each_name() for point in _readable(dist)]


def _first_of_each_name() -> list[Distribution]:
    by_name: dict[str, Distribution] = {}
    for dist in distributions():
        by_name.setdefault(str(dist.metadata["Name"]).casefold().replace("_", "-"), dist)
    return list(by_name.values())


def _readable(dist: Distribution) -> list[EntryPoint]:
    try:
        return list(dist.entry_points.select(group=GROUP))
    except Exception:  # noqa: BLE001  see above
        return []


def distribution_of(point: EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution that an entry point comes from; "" where unknown."""
    if point.dist is None:
        return "", ""
    return str(point.dist.metadata["Name"] or ""), str(point.dist.version or "")


def describe(point: EntryPoint) -> str:
    """The distribution in words, such as `sojourn-slurm 0.1.0`."""
    return " ".join(filter(None, distribution_of(point))) or point.value
