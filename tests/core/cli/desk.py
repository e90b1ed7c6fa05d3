"""A person's desk: a home, a machine, and the program `sojourn` to type into."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sojourn.cli import main
from sojourn.store.records import JobRecord
from sojourn.store.store import Store
from tests.support.machines import Entry, write_machines
from tests.support.waiting import eventually

_UNUSUAL = ("PYTHONUNBUFFERED", "SOJOURN_DEBUG")
"""What changes how the program prints."""


@dataclass(frozen=True)
class Done:
    """What a command ended with, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, Any]]:
        """The list that `--json` printed."""
        value: list[dict[str, Any]] = json.loads(self.out)
        return value


class Desk:
    """Runs commands with a home and machines of their own."""

    def __init__(self, folder: Path, machines: Mapping[str, Entry]) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.here = folder / "here"
        self.here.mkdir(parents=True)
        self.machines = write_machines(folder / "machines.yaml", machines)

    @property
    def environment(self) -> dict[str, str]:
        """What leads the program to this desk."""
        inherited = {name: value for name, value in os.environ.items() if name not in _UNUSUAL}
        return {
            **inherited,
            "SOJOURN_HOME": str(self.home),
            "SOJOURN_MACHINES": str(self.machines),
        }

    def __call__(self, *words: str | Path, status: int | None = 0) -> Done:
        """Run a command in this process, in the directory `here`; None takes any status."""
        out, err = _Text(), _Text()
        before = Path.cwd()
        os.chdir(self.here)
        try:
            with (
                patch.dict(os.environ, self.environment, clear=True),
                redirect_stdout(out),
                redirect_stderr(err),
            ):
                ended = main([str(word) for word in words])
        finally:
            os.chdir(before)
        done = Done(ended, out.text, err.text)
        assert status in (None, ended), done
        return done

    def command(self, *words: str | Path) -> list[str]:
        """The words of the same command as a process of its own."""
        return [sys.executable, "-m", "sojourn.cli", *map(str, words)]

    def start(self, *words: str | Path, **more: Any) -> "subprocess.Popen[str]":
        """Start it as a process of its own."""
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
        environment = {**self.environment, **given.pop("env", {})}
        return subprocess.Popen(self.command(*words), cwd=self.here, env=environment, **given)

    def process(
        self, *words: str | Path, status: int | None = 0, given: str = "", **more: Any
    ) -> Done:
        """Run it as a process of its own, with `given` on its standard input."""
        process = self.start(*words, stdin=subprocess.PIPE, **more)
        out, err = process.communicate(given, timeout=60)
        done = Done(process.returncode, out or "", err or "")
        assert status in (None, process.returncode), done
        return done

    # --- jobs -------------------------------------------------------------------------------------

    def submit(self, *words: str | Path) -> str:
        """Hand in a job; its signature."""
        return self("submit", *words).out.strip()

    def finished(self, *words: str | Path) -> str:
        """Hand in a job and wait for its end, whatever it is; its signature."""
        signature = self.submit(*words)
        self("wait", signature, status=None)
        return signature

    def running(self, *words: str | Path) -> str:
        """Hand in a job and wait until it runs; its signature."""
        signature = self.submit(*words)
        eventually(lambda: self.state(signature) == "RUNNING")
        return signature

    def state(self, signature: str) -> str:
        """The state of a job, asked of its machine."""
        state: str = self("status", signature, "--json", status=None).json[0]["state"]
        return state

    def put(self, *records: JobRecord) -> None:
        """Record jobs that no machine has ever seen."""
        self.home.mkdir(exist_ok=True)
        with Store(self.home / "store.sqlite3") as store:
            store.put_jobs(records)

    def file(self, name: str, text: str) -> Path:
        """A file in the directory where commands are typed."""
        path = self.here / name
        path.write_text(text)
        return path


class _Text(io.TextIOWrapper):
    """A stream that takes text and bytes, as a pipe does."""

    def __init__(self) -> None:
        self._held = io.BytesIO()
        super().__init__(self._held, encoding="utf-8", write_through=True)

    @property
    def text(self) -> str:
        self.flush()
        return self._held.getvalue().decode()
