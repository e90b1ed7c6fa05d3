"""A computer with a home, and machines of the local backend that it reaches."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sojourn.machines.loading import load_machines
from sojourn.plugins.registry import Registry
from sojourn.session.session import Session
from sojourn.states import HANDED_IN
from sojourn.store.records import JobRecord
from sojourn.suspension import WorkflowSuspended
from sojourn.workflow.report import NodeState, WorkflowReport
from sojourn.workflow.settings import RunSettings, using
from tests.support.waiting import eventually


class Place:
    """One computer. Others beside it reach the same machines, but have homes of their own."""

    def __init__(self, folder: Path, name: str = "one", machines: tuple[str, ...] = ("here",)):
        self.folder = folder
        self.home = folder / f"home-{name}"
        self.runs = folder / "runs"
        """Jobs append a line each time they really run."""
        self.machines_file = folder / "machines.yaml"
        self.lines: list[str] = []
        self.reports: list[WorkflowReport] = []
        self.registry = Registry()
        entries = {
            machine: {
                "backend": "local",
                "slots": 4,
                "root": str(folder / f"root-{machine}"),
                "poll": {"interval": "0.1s"},
            }
            for machine in machines
        }
        folder.mkdir(exist_ok=True)
        self.machines_file.write_text(json.dumps({"machines": entries}))  # JSON is YAML

    def environment(self) -> dict[str, str]:
        """What names this computer's home and machines to another process."""
        return {"SOJOURN_HOME": str(self.home), "SOJOURN_MACHINES": str(self.machines_file)}

    def session(self) -> Session:
        """A session of this computer."""
        return Session(
            machines=load_machines(self.registry, self.environment()),
            home=self.home,
            registry=self.registry,
            interactive=False,
            report=self.lines.append,
        )

    @contextmanager
    def running(self, **settings: Any) -> Iterator[None]:
        """Workflows inside run on this computer."""
        given = RunSettings(
            session=self.session, say=self.lines.append, on_report=self.reports.append
        )
        words = {**{word: getattr(given, word) for word in given.__slots__}, **settings}
        with using(RunSettings(**words)):
            yield

    def jobs(self) -> list[JobRecord]:
        """All jobs that are known on this computer."""
        with self.session() as session:
            return list(session.store.select())

    def all_ended(self) -> list[JobRecord]:
        """Wait until all jobs that were handed in have ended; how all stand then."""
        with self.session() as session:

            def ended() -> bool:
                session.refresh_each(session.store.select())
                return not session.store.select(states=HANDED_IN)

            eventually(ended, timeout=60)
            return list(session.store.select())

    def ran(self) -> list[str]:
        """What jobs have written down about their runs, sorted."""
        return sorted(self.runs.read_text().split()) if self.runs.exists() else []

    def finish(self, workflow: Callable[[], Any], rounds: int = 8, **settings: Any) -> Any:
        """Run a workflow, wait for its jobs, and so on until it is done."""
        for _ in range(rounds):
            try:
                with self.running(**settings):
                    return workflow()
            except WorkflowSuspended:
                self.all_ended()
        raise AssertionError(f"not done after {rounds} runs")

    def states(self) -> dict[str, NodeState]:
        """How the nodes stood in the last report, by path."""
        return {node.path: node.state for node in self.reports[-1].walk() if node.kind != "map"}


def noting(word: str, command: str, runs: Path) -> str:
    """A command that notes that it has run."""
    return f"echo {word} >>'{runs}'; {command}"
