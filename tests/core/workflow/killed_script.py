"""A workflow in a process of its own, which kills itself with SIGKILL at a chosen call.

Not a test: `test_killed.py` runs it. KILL_AT is the number of the call of any function, Python's
or C's, at which it ends; the number of calls of a whole run is written to COUNT_TO.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import sojourn.defaults

sojourn.defaults.ADOPT_AFTER = 1.0  # a submission that was cut off is settled after that long

from sojourn import Job, Workflow, job, step  # noqa: E402
from sojourn.suspension import Suspension  # noqa: E402
from sojourn.workflow.settings import RunSettings, using  # noqa: E402

FOLDER = Path(os.environ["FOLDER"])
KILL_AT = int(os.environ.get("KILL_AT", "0"))
calls = 0


def count(_frame: Any, event: str, _argument: Any) -> None:
    """Count calls, and end at the chosen one as nothing can be prepared for."""
    global calls
    if event in ("call", "c_call"):
        calls += 1
        if calls == KILL_AT:
            os.kill(os.getpid(), signal.SIGKILL)


@step
def numbers(count: int) -> list[int]:
    """Upstream."""
    return [10 * number for number in range(count)]


@step
def write(numbers: list[int]) -> Path:
    """A file that a job takes."""
    target = FOLDER / "numbers"
    target.write_text(" ".join(map(str, numbers)) + " ")
    return target


@job(outputs=["out"])
def turn(file: Any, one: Any, number: int) -> Job:
    """Notes that it has run."""
    return Job(
        command=f"echo turn{number} >>'{FOLDER}/runs'; cat file one | rev >out",
        inputs={"file": file, "one": one},
    )


@job(outputs=["all"])
def glue(parts: Any) -> Job:
    """Takes what other jobs have made, on the machine."""
    return Job(
        command=f"echo glue >>'{FOLDER}/runs'; cat part* >all",
        inputs={f"part{number}": part for number, part in enumerate(parts)},
    )


@step
def read(file: Path, numbers: list[int]) -> str:
    """Downstream."""
    return f"{file.read_text().split()} {len(numbers)}"


def main() -> None:
    """Run it as far as it goes."""
    with Workflow("killed"):
        given = numbers(3)
        file = write(given)
        turned = [turn(file, given[number], number) for number in range(3)]
        node = read(glue(turned), given)
    print(node.value)


if __name__ == "__main__":
    threading.setprofile(count)
    sys.setprofile(count)
    try:
        with using(RunSettings(wait=bool(os.environ.get("WAIT")))):
            main()
    except Suspension:
        sys.exit(75)
    finally:
        sys.setprofile(None)
        if "COUNT_TO" in os.environ:
            Path(os.environ["COUNT_TO"]).write_text(str(calls))
