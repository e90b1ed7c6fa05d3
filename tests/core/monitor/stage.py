"""Monitors on a stage: a home, machines on strings, and everything that is said."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sojourn.machines.loading import load_machines
from sojourn.monitor.clock import Clock
from sojourn.monitor.monitor import Monitor
from sojourn.monitor.options import MonitorOptions
from sojourn.plugins.registry import Registry
from sojourn.session.session import Session
from sojourn.states import State
from sojourn.store.records import JobRecord
from sojourn.values.events import JobEvent
from sojourn.values.job import Job
from sojourn.values.notification import Notification
from tests.core.monitor.puppet import Puppet
from tests.support.waiting import eventually


class StageClock(Clock):
    """A clock whose wall can be moved, as by sleep or by hand."""

    moved = 0.0

    def wall(self) -> float:
        return super().wall() + self.moved


class Stage:
    """A computer with machines of the backend `puppet`, each polled every 20 ms."""

    def __init__(self, folder: Path, *machines: str, interval: str = "0.02s") -> None:
        self.folder = folder
        self.home = folder / "home"
        self.file = folder / "machines.yaml"
        self.puppet = Puppet()
        self.clock = StageClock()
        self.said: list[str] = []
        self.events: list[JobEvent] = []
        self.messages: list[Notification] = []
        self.registry = Registry(discover=False)
        self.registry.register(self.puppet, name="puppet")
        self.write(*machines, interval=interval)

    def write(self, *machines: str, interval: str = "0.02s", **more: Any) -> None:
        """Write `machines.yaml`."""
        entry = {"backend": "puppet", "transport": "local", "poll": {"interval": interval}, **more}
        self.file.write_text(json.dumps({"machines": dict.fromkeys(machines, entry)}))

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session of this computer."""
        machines = load_machines(self.registry, {"SOJOURN_MACHINES": str(self.file)})
        with Session(
            machines=machines,
            home=self.home,
            registry=self.registry,
            interactive=False,
            report=self.said.append,
        ) as session:
            yield session

    def monitor(self, session: Session, **options: Any) -> Monitor:
        """A monitor that keeps what it says and tells."""
        return Monitor(
            session,
            MonitorOptions(**{"fetch": False, "notify": False, **options}),
            report=self.said.append,
            on_event=self.events.append,
            on_notification=self.messages.append,
            clock=self.clock,
        )

    @contextmanager
    def watching(self, **options: Any) -> Iterator[Session]:
        """A monitor at work in a thread; the session is one of the test's own."""
        with self.session() as mine, self.session() as its:
            monitor = self.monitor(its, **options)
            ready = threading.Event()
            thread = threading.Thread(target=lambda: monitor.run(ready=ready.set))
            thread.start()
            try:
                assert ready.wait(20)
                yield mine
            finally:
                monitor.stop()
                for strings in self.puppet.machines.values():
                    if strings.hold is not None:
                        strings.hold.set()
                thread.join(30)
            assert not thread.is_alive()

    def has_said(self, words: str) -> bool:
        """Whether a line with these words was said."""
        return any(words in line for line in list(self.said))

    def polls(self, machine: str) -> int:
        """How many times a machine was asked."""
        return len(self.puppet.at(machine).polls)

    def polled_again(self, machine: str, times: int = 2) -> None:
        """Wait until a machine was asked so many times more."""
        before = self.polls(machine)
        eventually(lambda: self.polls(machine) >= before + times)


def jobs(count: int = 1, of: str = "", **words: Any) -> list[Job]:
    """So many different jobs, and other ones for each word `of`."""
    return [
        Job(command="true", parameters={"n": n, "of": of}, name=f"job {n}", **words)
        for n in range(count)
    ]


def submit(session: Session, machine: str, count: int = 1, **words: Any) -> list[JobRecord]:
    """Hand jobs in to a machine; their records."""
    handles = session.submit(jobs(count, machine, **words), on=machine)
    return [session.record(handle.signature, machine) for handle in handles]


def states(session: Session) -> set[State]:
    """The states that jobs are in."""
    return {record.state for record in session.store.select()}


def in_state(session: Session, state: State) -> Callable[[], bool]:
    """A condition: that all jobs are in a state."""
    return lambda: states(session) == {state}
