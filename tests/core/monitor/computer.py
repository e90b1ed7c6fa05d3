"""A computer with the real local backend, and the program `sojourn` on it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

from sojourn.machines.loading import load_machines
from sojourn.plugins.registry import Registry
from sojourn.session.session import Session
from sojourn.states import HANDED_IN, State
from sojourn.store.plans import WorkflowRecord
from sojourn.store.records import JobRecord
from sojourn.store.store import Store
from sojourn.values.job import Job
from tests.support.processes import end
from tests.support.waiting import eventually

FLOW = """
    import sys
    from pathlib import Path
    from sojourn import Job, Workflow, job, step

    HERE = Path(__file__).parent

    @job(outputs=["out"])
    def fit(n):
        gate = HERE / f"gate-{n}"
        return Job(
            command=f"until [ -e '{gate}' ]; do sleep 0.05; done; echo run-{n} >>'{HERE}/runs'; echo {n} >out",
            parameters={"n": n},
        )

    @step(version="1")
    def total(files):
        with open(HERE / "steps", "a") as file:
            file.write("total\\n")
        return sum(int(Path(one).read_text()) for one in files)

    with Workflow("flow", on="here") as flow:
        fits = flow.map(fit, range(2))
        answer = total(fits)
"""
"""Two jobs that end when their gates are opened, and a step after them."""


WHILE_HELD = """\
import time
from pathlib import Path
while (Path(__file__).parent / "hold").exists():
    time.sleep(0.05)
"""
"""The beginning of a script that waits while a file `hold` is there."""


class Computer:
    """A home, machines of this computer, and workflow scripts."""

    def __init__(self, folder: Path, *machines: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.file = folder / "machines.yaml"
        self.write(*(machines or ("here",)))
        (folder / "notify.yaml").write_text("notify: {window: 0.1s, channels: {terminal: {}}}")

    def write(self, *machines: str, **more: Any) -> None:
        """Write `machines.yaml`."""
        entries = {
            name: {
                "backend": "local",
                "slots": 4,
                "root": str(self.folder / f"root-{name}"),
                "poll": {"interval": "0.1s"},
                **more,
            }
            for name in machines
        }
        self.file.write_text(json.dumps({"machines": entries}))

    def script(self, text: str = FLOW, name: str = "flow.py") -> Path:
        """Write a workflow's script."""
        file = self.folder / name
        file.write_text(dedent(text))
        return file

    def open_gates(self, *numbers: int) -> None:
        """Let jobs of `FLOW` end."""
        for number in numbers:
            (self.folder / f"gate-{number}").touch()

    @property
    def environment(self) -> dict[str, str]:
        """Where programs find this computer's home and machines."""
        return {
            **os.environ,
            "SOJOURN_HOME": str(self.home),
            "SOJOURN_MACHINES": str(self.file),
            "PYTHONUNBUFFERED": "1",
        }

    def sojourn(
        self, *words: str | Path, status: int | None = 0, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run the program; its exit status must be `status`."""
        done = subprocess.run(
            [sys.executable, "-m", "sojourn.cli", *map(str, words)],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
        )
        if status is not None:
            assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session in the test's own process."""
        registry = Registry()
        machines = load_machines(registry, self.environment)
        with Session(
            machines=machines, home=self.home, registry=registry, interactive=False
        ) as session:
            yield session

    def submit(self, *commands: str, on: str = "here", **words: Any) -> list[str]:
        """Hand in jobs that run these commands; their signatures."""
        jobs = [Job(command=command, **words) for command in commands]
        with self.session() as session:
            return [handle.signature for handle in session.submit(jobs, on=on)]

    @contextmanager
    def monitor(self, *words: str, wait: bool = True) -> "Iterator[Running]":
        """The monitor as a process; ended with the block if it has not ended before."""
        with (self.folder / "monitor.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "sojourn.cli", "monitor", *words],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        running = Running(process, self.folder / "monitor.log")
        try:
            if wait:
                eventually(lambda: f"this is pid {process.pid}" in running.said, saying=running.log)
            yield running
        finally:
            end(process.pid)
            process.wait()

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store."""
        with Store(self.home / "store.sqlite3") as store:
            yield store

    def jobs(self) -> list[JobRecord]:
        """All jobs."""
        with self.store() as store:
            return list(store.select(newest_first=False))

    def workflow(self, name: str = "flow") -> WorkflowRecord:
        """A workflow's record."""
        with self.store() as store:
            record = store.workflow(name)
        assert record is not None
        return record

    def until(self, condition: Callable[[], object], timeout: float = 60.0) -> None:
        """Wait for a condition; what the monitor has said is shown if it does not come."""
        log = self.folder / "monitor.log"
        eventually(condition, timeout, saying=lambda: log.read_text() if log.exists() else "")

    def until_status(self, status: str, name: str = "flow") -> None:
        """Wait until a workflow is in a state, and nobody runs it."""
        self.until(lambda: (w := self.workflow(name)).status == status and not w.owner)

    def all_ended(self) -> bool:
        """Whether no job is out."""
        return not any(job.state in HANDED_IN or job.state is State.NEW for job in self.jobs())

    def lines(self, name: str) -> list[str]:
        """The lines that jobs and steps have written to a file of the folder."""
        file = self.folder / name
        return sorted(file.read_text().split()) if file.exists() else []


class Running:
    """A monitor that runs."""

    def __init__(self, process: "subprocess.Popen[bytes]", file: Path) -> None:
        self.process = process
        self._file = file
        self._from = file.stat().st_size if file.exists() else 0

    @property
    def said(self) -> str:
        """What it has said so far."""
        with self._file.open() as file:
            file.seek(self._from)
            return file.read()

    def log(self) -> str:
        """The same, as a function."""
        return self.said
