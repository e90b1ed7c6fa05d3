"""A signature extension that adds the current git commit to what a job is."""

import hashlib
import os
import subprocess
from pathlib import Path

from sojourn.contract import hookimpl
from sojourn.errors import PluginError

sojourn_contract = 1

VARIABLE = "SOJOURN_GIT_DIR"


@hookimpl
def sojourn_job_signature() -> dict[str, str] | None:
    """The commit, and a digest of what is not committed; None outside a repository."""
    folder = os.environ.get(VARIABLE) or Path.cwd()
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode != 0:
        return None
    head = _git(folder, "rev-parse", "--verify", "HEAD")
    if head.returncode != 0:
        raise PluginError(f"{folder} is a git repository without a commit", hint="commit first")
    found = {"commit": head.stdout.decode().strip()}
    changes = _git(folder, "diff", "--no-ext-diff", "--binary", "HEAD").stdout
    if changes:
        found["changes"] = hashlib.sha256(changes).hexdigest()
    return found


def _git(folder: str | Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except FileNotFoundError:
        raise PluginError("git is not on PATH", hint="or uninstall sojourn-git-commit") from None
