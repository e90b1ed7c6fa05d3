"""Projects begun by `sojourn plugins new`, and installed as a user would, without the network."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from sojourn.scaffold.making import make

NAMES = {
    "batch": "grid-engine2",
    "backend": "my_rest",
    "transport": "kube-2",
    "listener": "tell-me",
}
"""A name for each kind, such as people take."""


@dataclass(frozen=True)
class Installed:
    """A project installed into a directory of its own."""

    project: Path
    site: Path

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a module of Python's in the project, with the plugin installed."""
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.project,
            env={**os.environ, "PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=110,
        )


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Installed]:
    """Begin a plugin of a kind and install it, built by its own build backend: each kind once,
    for tests that change nothing in it."""

    @cache
    def install(kind: str) -> Installed:
        folder = tmp_path_factory.mktemp(kind)
        project, site = make(NAMES[kind], kind, "MIT", folder), folder / "site"
        words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        subprocess.run(
            [sys.executable, "-m", "pip", *words, "--target", str(site), str(project)], check=True
        )
        return Installed(project, site)

    return install
