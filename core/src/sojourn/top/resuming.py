"""Going on with a workflow: `sojourn resume` in a process of its own."""

import subprocess
import sys

from sojourn.errors import NotPossible


def resume(workflow: str) -> str:
    """Run a suspended workflow again, and say how that ended.

    Raises:
        NotPossible: it did not run; says why.
    """
    done = subprocess.run(
        [sys.executable, "-P", "-m", "sojourn.cli", "resume", workflow],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
    text = last[0] if last else f"ended with {done.returncode}"
    if done.returncode not in (0, 75):
        raise NotPossible(f"{workflow} did not go on: {text}")
    return f"{workflow}: {'done' if done.returncode == 0 else text}"
