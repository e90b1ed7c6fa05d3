"""Every check of the workspace: lint, types, wheels, tests. Run by `scripts/test`.

All parts are run, also after one has failed; the last lines say how each ended, and which were
left out and why.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scripts import wheels
from scripts.workspace import ROOT
from tests.support import slurm_packages
from tests.support.testbed import VARIABLE, Testbed

BIN = Path(sys.executable).parent
SOURCES = ("core/src", "backends/local/src", "backends/slurm/src", "backends/pbs/src")
CODE = (*SOURCES, "tests", "scripts", "benchmarks")
TESTS_FAILED, NO_TESTS_COLLECTED = 1, 5
"""Exit statuses of pytest."""
WORKERS = str(min(4, (os.cpu_count() or 1) + 2))
WAITING = "4"
"""Processes for tests that mostly wait."""
SCHEDULER = "slurm or torque or outage"
LIMIT = 40 * 60.0
"""Seconds for one run of pytest: when one of its processes crashes, it may wait for ever."""


@dataclass(frozen=True)
class Outcome:
    """How one part ended."""

    part: str
    failed: bool
    seconds: float = 0.0
    left_out: str = ""
    """Why it, or some of it, was not run."""

    def __str__(self) -> str:
        word = "FAILED" if self.failed else "left out" if self.left_out else "passed"
        more = f": {self.left_out}" if self.left_out else ""
        return f"{self.part:<8} {word} ({self.seconds:.0f} s){more}"


def run(*command: str | Path, limit: float | None = None) -> int:
    """Run a program of the workspace's environment, for `limit` seconds; returns its exit status."""
    process = subprocess.Popen([BIN / command[0], *command[1:]], cwd=ROOT)
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        print(f"== {command[0]}: not done after {limit:.0f} s; interrupted", flush=True)
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        return 124
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def lint() -> int:
    """Lint and formatting."""
    return run("ruff", "check", ".") | run("ruff", "format", "--check", ".")


def types() -> int:
    """Strict types, over code and tests."""
    return run("mypy", *(name for name in CODE if any((ROOT / name).rglob("*.py"))))


def timed(part: str, check: Callable[[], int]) -> Outcome:
    """Run one part."""
    print(f"== {part}", flush=True)
    start = time.monotonic()
    status = check()
    return Outcome(part, status != 0, time.monotonic() - start)


@contextmanager
def real_slurm() -> Iterator[Outcome | None]:
    """The real Slurm for as long as this is open; gives what is to be said if there is none."""
    if VARIABLE in os.environ:
        yield None
        return
    reason = slurm_packages.install_missing()
    if reason:
        yield Outcome("slurm", False, left_out=reason)
        return
    testbed = Testbed.new(Path(tempfile.mkdtemp(prefix="sojourn-slurm-")), os.getpid())
    try:
        testbed.up()
    except RuntimeError as error:
        yield Outcome("slurm", True, left_out=f"did not start: {error}")
        return
    os.environ[VARIABLE] = str(testbed.file)
    try:
        yield None
    finally:
        testbed.down()
        del os.environ[VARIABLE]


def tests(arguments: list[str], *, fast: bool) -> list[Outcome]:
    """The tests side by side, then those that stop a scheduler's daemon: those have one of their
    own each, and wait most of the time."""
    rest = f"not ({SCHEDULER if fast else 'outage'})"
    outcomes = [timed("tests", lambda: side_by_side(WORKERS, rest, arguments))]
    if not fast:
        outcomes.append(timed("outages", lambda: side_by_side(WAITING, "outage", arguments)))
    return outcomes


def side_by_side(workers: str, marks: str, arguments: list[str]) -> int:
    """The tests with these marks, in that many processes."""
    words = ("-n", workers, "--dist", "loadgroup", "--durations=10", "-m", marks)
    status = run("pytest", *words, *arguments, limit=LIMIT)
    if status == TESTS_FAILED:
        # Real schedulers and killed processes on a busy machine: what fails beside others is
        # tried once more by itself. A test that passes only then is named above, and is a bug.
        print("== failed tests once more, by themselves", flush=True)
        status = run("pytest", "-n", "0", "--last-failed", "--last-failed-no-failures", "none",
                     "-m", marks, *arguments, limit=LIMIT)  # fmt: skip
    left_out = status == NO_TESTS_COLLECTED and (bool(arguments) or marks == "outage")
    return 0 if left_out else status


def all_tests(arguments: list[str], *, fast: bool) -> list[Outcome]:
    """The tests, with a real Slurm if that can be had: without one, those that need it skip."""
    if fast:
        left_out = Outcome("slurm", False, left_out="--fast: nothing that needs a scheduler")
        return [*tests(arguments, fast=True), left_out]
    with real_slurm() as missing:
        outcomes = tests(arguments, fast=False)
    return outcomes if missing is None else [*outcomes, missing]


def main() -> int:
    """Run the parts that were asked for; 1 if one of them failed."""
    parser = argparse.ArgumentParser(
        prog="scripts/test",
        description="Passes every check and test. With arguments for pytest (paths, -k, -x, ...)"
        " only the tests are run. As root on Debian a real Slurm is installed from Debian's"
        " packages, started on loopback in a directory of its own, and stopped at the end;"
        f" {VARIABLE} names one that is up already.",
    )
    parser.add_argument("--fast", action="store_true", help="leave out what needs a scheduler")
    given, arguments = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    outcomes = []
    if not arguments:
        outcomes = [timed("lint", lint), timed("types", types), timed("wheels", wheels.check)]
    outcomes += all_tests(arguments, fast=given.fast)
    print("== in short")
    for outcome in outcomes:
        print(outcome)
    return int(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
