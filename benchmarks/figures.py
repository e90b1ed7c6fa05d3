"""Figures: every one a ratio measured in the same run, printed as a table and as JSON."""

import json
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """`value` is what was measured, `base` what it is held against, both in `unit`.

    `aim` is what the ratio, value over base, should be, in words.
    """

    name: str
    value: float
    base: float
    unit: str
    against: str
    aim: str = ""
    note: str = ""

    @property
    def ratio(self) -> float:
        """How the two stand to each other."""
        return self.value / self.base if self.base else float("inf")


def seconds(function: Callable[[], object]) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def in_turn(
    first: Callable[[], object], second: Callable[[], object], rounds: int = 5
) -> tuple[float, float]:
    """Median seconds of both, measured A B A B, so that a machine's drift meets both."""
    return medians(lambda: seconds(first), lambda: seconds(second), rounds)


def medians(
    first: Callable[[], float], second: Callable[[], float], rounds: int
) -> tuple[float, float]:
    """As `in_turn`, of what the two have measured themselves."""
    pairs = [(first(), second()) for _ in range(rounds)]
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
    )


def show(figures: Iterable[Figure]) -> None:
    """A table for people, then one line of JSON."""
    rows = list(figures)
    width = max((len(row.name) for row in rows), default=0)
    print(f"{'':{width}}  {'measured':>12}  {'held against':>12}  {'ratio':>8}  aim")
    for row in rows:
        print(
            f"{row.name:{width}}  {_number(row.value, row.unit):>12}  "
            f"{_number(row.base, row.unit):>12}  {row.ratio:>8.2f}  {row.aim}"
        )
        print(f"{'':{width}}  against {row.against}{'; ' + row.note if row.note else ''}")
    about = {"python": platform.python_version(), "machine": platform.machine()}
    listed = [{**asdict(row), "ratio": row.ratio} for row in rows]
    print(json.dumps({"about": about, "figures": listed}))


def _number(value: float, unit: str) -> str:
    if unit == "s":
        for scale, word in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
            if value * scale >= 1:
                return f"{value * scale:.1f} {word}"
        return f"{value * 1e6:.2f} µs"
    return f"{value:,.1f} {unit}"
