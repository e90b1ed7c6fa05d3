"""How fast does the carbon dioxide in the air over Mauna Loa rise? A workflow in five steps.

    sojourn run --on MACHINE examples/co2/workflow.py [DIRECTORY]

The first run hands eight fits and their join to the machine and ends; so does this program,
while they go on. A later run of the same command finds them, draws the plot into DIRECTORY
(default: co2-plot) and says what came out. Nothing changes for another machine but `--on`.
"""

import csv
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from drawing import draw

from sojourn import Job, Workflow, job, step

HERE = Path(__file__).resolve().parent
STRETCHES = 8
REPLICATES = 3000


@step
def read(table: Path) -> list[list[float]]:
    """The monthly means as [year, ppm], oldest first."""
    with table.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [[float(row[1]), float(row[2])] for row in rows if float(row[2]) > 0]


@step
def split(series: list[list[float]], parts: int) -> list[list[list[float]]]:
    """Stretches of equal length, none of them a month longer than another."""
    edges = [round(len(series) * part / parts) for part in range(parts + 1)]
    return [series[start:end] for start, end in pairwise(edges)]


@job(outputs=["fit.json"], walltime="10m")
def fit(stretch: Any, seed: int) -> Job:
    """Growth rate and seasonal swing of one stretch: some seconds of computing."""
    return Job(
        command=f"python3 fit.py months.json {seed} {REPLICATES} > fit.json",
        inputs={"fit.py": HERE / "fit.py", "months.json": stretch},
    )


@job(outputs=["summary.json"], walltime="5m")
def join(fits: Any) -> Job:
    """All fits together; runs where they ran, as soon as they are done."""
    names = {f"fit-{number}.json": one for number, one in enumerate(fits)}
    return Job(
        command="python3 join.py fit-*.json > summary.json",
        inputs={"join.py": HERE / "join.py", **names},
    )


@step(version="1")  # the drawing itself is in another file, whose text the step does not see
def plot(series: list[list[float]], summary: Path, directory: str) -> Path:
    """The plot, as SVG."""
    return draw(series, summary, Path(directory) / "co2.svg")


@step
def tell(summary: Path) -> str:
    """What came out, in a sentence."""
    found = json.loads(summary.read_text())
    return (
        f"CO2 over Mauna Loa rose by {found['rate_then']:.2f} ppm a year at first, by "
        f"{found['rate_now']:.2f} lately: {found['faster_each_decade']:.2f} faster each decade."
    )


directory = Path(sys.argv[1] if len(sys.argv) > 1 else "co2-plot").resolve()

with Workflow("co2", version="1") as flow:
    series = read(HERE / "co2.csv")
    stretches = split(series, STRETCHES)
    summary = join(flow.map(fit, stretches, range(STRETCHES)))
    picture = plot(series, summary, str(directory))
    sentence = tell(summary)

print(sentence.value)
print(f"The plot: {picture.value}")
