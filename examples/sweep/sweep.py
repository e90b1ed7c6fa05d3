"""The resonance curve of an oscillator: cases made here, simulated on a machine, reduced and drawn here.

sojourn run --on MACHINE examples/sweep/sweep.py
"""

import json
from pathlib import Path
from typing import Any

from sojourn import Job, Workflow, job, step

HERE = Path(__file__).resolve().parent
CASES = 60
WALLTIME = "30d"
MEMORY = "100MiB"
FINE = 6_000_000  # steps of the last case, which is to be exact


@step
def prepare() -> dict[str, float]:
    """What is the same in all cases."""
    return {"damping": 0.1, "span": 200.0}


def cases(number: int, fine: int) -> list[dict[str, float]]:
    """Frequencies from 0.4 to 1.6; the last one in finer steps.

    No step: each job is known by the values of its own case.
    """
    coarse = 20_000
    return [
        {
            "frequency": round(0.4 + 1.2 * at / (number - 1), 4),
            "steps": fine if at == number - 1 else coarse,
        }
        for at in range(number)
    ]


@job(outputs=["amplitude.json"], walltime=WALLTIME, memory=MEMORY)
def simulate(case: dict[str, float], settings: Any) -> Job:
    """The amplitude of one case."""
    return Job(
        command="python3 simulate.py settings.json case.json > amplitude.json",
        inputs={"simulate.py": HERE / "simulate.py", "settings.json": settings, "case.json": case},
    )


@step
def reduce(files: list[Path]) -> list[tuple[float, float]]:
    """All amplitudes by their frequencies."""
    found = [json.loads(file.read_text()) for file in files]
    return sorted((one["frequency"], one["amplitude"]) for one in found)


@step
def plot(curve: list[tuple[float, float]], file: str) -> Path:
    """The curve as SVG."""
    highest = max(amplitude for _, amplitude in curve)
    low, high = curve[0][0], curve[-1][0]
    points = " ".join(
        f"{20 + 560 * (x - low) / (high - low):.1f},{280 - 260 * y / highest:.1f}" for x, y in curve
    )
    Path(file).write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 300">'
        f'<polyline fill="none" stroke="teal" stroke-width="2" points="{points}"/></svg>\n'
    )
    return Path(file)


with Workflow("sweep") as flow:
    curve = reduce(flow.map(simulate, cases(CASES, FINE), settings=prepare()))
    picture = plot(curve, str(HERE / "sweep.svg"))

frequency, amplitude = max(curve.value, key=lambda one: one[1])
print(f"resonance at {frequency:.2f}: amplitude {amplitude:.2f}; drawn: {picture.value.name}")
