"""Which plugins are installed: the entry points of the group, scanned but not loaded."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from sojourn.contract import GROUP


def scan() -> Mapping[str, tuple[EntryPoint, ...]]:
    """Every entry point of the group, by its name; a name with more than one is a clash.

    A distribution found twice on the import path counts once, as Python counts it.
    """
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=GROUP):
        others = found.get(point.name, ())
        if point not in others:
            found[point.name] = (*others, point)
    return dict(sorted(found.items()))


def distribution_of(point: EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution that an entry point comes from; "" where unknown."""
    if point.dist is None:
        return "", ""
    return str(point.dist.metadata["Name"] or ""), str(point.dist.version or "")


def describe(point: EntryPoint) -> str:
    """The distribution in words, such as `sojourn-slurm 0.1.0`."""
    return " ".join(filter(None, distribution_of(point))) or point.value
