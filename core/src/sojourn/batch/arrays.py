"""Tasks of arrays: brought together by their array, and by standing next to each other. Pure."""

from collections.abc import Callable, Iterable


def by_array(ids: Iterable[str], array_of: Callable[[str], str]) -> dict[str, list[str]]:
    """Ids by the array that they are tasks of, in order."""
    found: dict[str, list[str]] = {}
    for one in ids:
        found.setdefault(array_of(one), []).append(one)
    return found


def runs(indices: Iterable[int]) -> list[range]:
    """Indices in order, as ranges of those that follow one another."""
    found: list[range] = []
    for index in sorted(set(indices)):
        if found and found[-1].stop == index:
            found[-1] = range(found[-1].start, index + 1)
        else:
            found.append(range(index, index + 1))
    return found


def span(run: range) -> str:
    """A range as schedulers write it: `3-6`, or `9` for a single index."""
    return f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}"
