"""Python programs as processes of their own, which a test can kill."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]


def start(program: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    """Start Python text with arguments; it can import the project and its tests."""
    return subprocess.Popen(
        [sys.executable, "-c", dedent(program), *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: "subprocess.Popen[str]", timeout: float = 60) -> str:
    """Wait for its end, which must be a good one, and return what it printed."""
    printed, errors = process.communicate(timeout=timeout)
    assert process.returncode == 0, errors
    return printed


def run(program: str, *arguments: str | Path, timeout: float = 60) -> str:
    """Start, wait, and return what it printed."""
    return output(start(program, *arguments), timeout)
