"""A day with the sweep: each step edits the script as a user would, runs commands, and shows them.

python3 tour.py MACHINE [CASES]      # in a copy of this directory: it changes the script
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Tour:
    """Runs `sojourn` here, and writes what it did as Markdown to standard output."""

    def __init__(self, machine: str, cases: int) -> None:
        self.machine = machine
        self.run = f"sojourn run --on {machine} sweep.py"
        self.edit("CASES = 60", f"CASES = {cases}")

    def say(self, text: str) -> None:
        """A paragraph or a heading."""
        print(f"{text}\n", flush=True)

    def edit(self, old: str, new: str, file: str = "sweep.py") -> None:
        """What a user does in an editor."""
        path = HERE / file
        text = path.read_text()
        assert text.count(old) == 1, (old, file)
        path.write_text(text.replace(old, new))

    def __call__(self, command: str, status: int, more: Mapping[str, str] | None = None) -> None:
        """Run one command and show what it printed; it ends with `status`."""
        words = command.split()
        done = subprocess.run(
            [sys.executable, "-m", *words] if words[0] == "sojourn" else words,
            cwd=HERE, env={**os.environ, **(more or {})}, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        shown = "".join(f"{name}=… " for name in more or {}) + command
        print(
            f"```text\n$ {shown}\n{done.stdout.rstrip()}\n[status {done.returncode}]\n```\n",
            flush=True,
        )
        if done.returncode != status:
            raise SystemExit(f"{command} ended with {done.returncode} instead of {status}")


def main(machine: str, cases: int = 60, limit: str = "") -> None:
    """All steps in their order; with `limit` the machine refuses to start long jobs."""
    tour = Tour(machine, cases)
    if limit:
        tour.say("## First run: a walltime that no queue has")
        tour(tour.run, 75)
        tour("sojourn wait --workflow sweep", 3)
        tour.say(
            '## The walltime mended\n\nIn `sweep.py`, `WALLTIME = "30d"` becomes `WALLTIME = "10m"`. Nothing has started, so the jobs are replaced.'
        )
    else:
        tour.say("## First run")
    tour.edit('WALLTIME = "30d"', 'WALLTIME = "10m"')
    tour(f"{tour.run} --update", 75)
    tour("sojourn wait --workflow sweep", 1)
    tour.say(
        '## Memory raised\n\nThe finest case was killed for its memory. `MEMORY = "500MiB"` instead of `"100MiB"` runs that one again, and no other.'
    )
    tour.edit('MEMORY = "100MiB"', 'MEMORY = "500MiB"')
    tour(tour.run, 75)
    tour("sojourn wait --workflow sweep", 0)
    tour(tour.run, 0)
    tour.say(
        "## A case changed\n\n`FINE = 2_000_000` instead of `6_000_000` is enough for the last case, which is another job then. The others keep their results, since each job\nis known by its own case; if the cases came from a step, a change of that step would change them all."
    )
    tour.edit("FINE = 6_000_000", "FINE = 2_000_000")
    tour(tour.run, 75)
    tour("sojourn wait --workflow sweep", 0)
    tour(tour.run, 0)
    tour.say(
        "## A bug fixed\n\nThe root mean square is no amplitude: a factor is missing in `simulate.py`, where the line\n`amplitude *= math.sqrt(2)` now stands before the last one. Every case reads that file."
    )
    tour.edit("print(json", "amplitude *= math.sqrt(2)\nprint(json", "simulate.py")
    tour(f"{tour.run} --dry-run", 0)
    accept = f"sojourn run --on {machine} --accept-changes sweep.py"
    tour(accept, 75)
    tour("sojourn wait --workflow sweep", 0)
    tour(tour.run, 0)
    tour.say(
        "## On a second computer\n\nIt has the script and a `machines.yaml` with the same root, and a home of its own: the results are found on the machine.\n`prepare` is not called there, since all that needs it is known (`unneeded`)."
    )
    tour(tour.run, 0, {"SOJOURN_HOME": str(HERE / "second-home")})
    tour.say(
        "## Clean-up\n\nWhat the edits have superseded is removed: first on the machine, where nothing is removed whose result is\nnot here, then here."
    )
    tour(f"sojourn gc --superseded --remote -m {machine}", 0)
    tour("sojourn gc --superseded", 0)
    tour("sojourn list --workflow sweep", 0)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]), *sys.argv[3:4])
