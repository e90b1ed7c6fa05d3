"""Drawing: the record above, the growth rate of each stretch below, as one SVG file."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

Series = Sequence[Sequence[float]]
Pair = tuple[float, float]
Scale = Callable[[float], float]

WIDTH, LEFT, RIGHT = 860, 70, 830
TOP, MIDDLE, BELOW, BOTTOM = 50, 300, 350, 530
INK, GREY, RED, BLUE = "#222", "#bbb", "#c0392b", "#2c5f8a"


def draw(series: Series, summary: Path, target: Path) -> Path:
    """Write the plot to `target` and return it. `summary` is the path of the join's result."""
    found = json.loads(summary.read_text())
    years = (series[0][0], series[-1][0])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 590" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="590" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="17" fill="{INK}">Carbon dioxide in the air over '
        f"Mauna Loa, {years[0]:.0f} to {years[1]:.0f}</text>",
        *_record(series, years),
        *_rates(found, years),
        f'<text x="{LEFT}" y="578" fill="{INK}">Data: NOAA Global Monitoring Laboratory, public '
        "domain. Bars: 95 % of a moving-block bootstrap.</text>",
        "</svg>",
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(parts) + "\n")
    return target


def _record(series: Series, years: Pair) -> Iterator[str]:
    low, high = 310, 10 * (int(max(ppm for _, ppm in series)) // 10 + 1)
    x, y = _scale(years, LEFT, RIGHT), _scale((low, high), MIDDLE, TOP)
    yield from _grid(x, y, years, range(320, high + 1, 20), (TOP, MIDDLE), "ppm")
    points = " ".join(f"{x(year):.1f},{y(ppm):.1f}" for year, ppm in series)
    yield f'<polyline points="{points}" fill="none" stroke="{BLUE}" stroke-width="1"/>'


def _rates(found: dict[str, Any], years: Pair) -> Iterator[str]:
    stretches = found["stretches"]
    high = max(fit["rate_95"][1] for fit in stretches) * 1.1
    x, y = _scale(years, LEFT, RIGHT), _scale((0, high), BOTTOM, BELOW)
    ticks = [tick / 2 for tick in range(int(high * 2) + 1)]
    yield from _grid(x, y, years, ticks, (BELOW, BOTTOM), "ppm a year")
    mean_year, mean_rate, slope = found["line"]
    ends = [(year, mean_rate + slope * (year - mean_year)) for year in years]
    yield (
        f'<line x1="{x(ends[0][0]):.1f}" y1="{y(ends[0][1]):.1f}" x2="{x(ends[1][0]):.1f}" '
        f'y2="{y(ends[1][1]):.1f}" stroke="{GREY}" stroke-width="2" stroke-dasharray="6 4"/>'
    )
    for fit in stretches:
        at, rate = x(fit["middle"]), y(fit["rate"])
        low, top = (y(edge) for edge in fit["rate_95"])
        yield f'<line x1="{at:.1f}" y1="{low:.1f}" x2="{at:.1f}" y2="{top:.1f}" stroke="{RED}"/>'
        yield f'<circle cx="{at:.1f}" cy="{rate:.1f}" r="4" fill="{RED}"/>'
        yield (f'<text x="{at + 8:.1f}" y="{rate + 4:.1f}" fill="{INK}">{fit["rate"]:.2f}</text>')


def _grid(
    x: Scale, y: Scale, years: Pair, ticks: Sequence[float], edges: Pair, unit: str
) -> Iterator[str]:
    top, bottom = edges
    for tick in ticks:
        yield f'<line x1="{LEFT}" y1="{y(tick):.1f}" x2="{RIGHT}" y2="{y(tick):.1f}" stroke="#eee"/>'
        yield f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>'
    for year in range(1960, int(years[1]) + 1, 10):
        yield f'<text x="{x(year):.1f}" y="{bottom + 18}" text-anchor="middle">{year}</text>'
    yield (
        f'<text transform="translate(20 {(top + bottom) / 2:.0f}) rotate(-90)" '
        f'text-anchor="middle">{unit}</text>'
    )


def _scale(values: Pair, first: float, last: float) -> Scale:
    low, high = values
    return lambda value: first + (value - low) / (high - low) * (last - first)
