"""Clients in processes of their own: `python -m sojourn.testing.worker DIRECTORY`.

One process reads what is to be done, makes itself ready, and forks a client for each task, so
that many start at the same moment and none spends its time on imports.
"""

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sojourn.errors import SojournError
from sojourn.machines.loading import load_machines
from sojourn.site.context import MachineContext
from sojourn.testing.transports import DyingTransport, WrappingRegistry
from sojourn.testing.transports.wrapping import PassedOn, WrappedTransport
from sojourn.transports.base import Channel, Transport

_NONCE = re.compile(rb"sj_nonce='?([0-9a-f]+)")

KILLED = -9
"""How a client ends that has killed itself."""


@dataclass(frozen=True, slots=True)
class Task:
    """One hook to be asked. `die_after` ends the process with SIGKILL after so many bytes."""

    hook: str
    batch: Sequence[Any]
    die_after: int | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """What clients in processes of their own are told, and where they write their answers."""

    scratch: Path
    machines: Path
    machine: str
    plugins: dict[str, str]
    tasks: Sequence[Task]

    def run(self, timeout: float = 300.0) -> list[int]:
        """Do all tasks at once; how each process has ended."""
        self.scratch.mkdir(parents=True)
        (self.scratch / "crew").write_bytes(pickle.dumps(self))
        command = [sys.executable, "-m", "sojourn.testing.worker", str(self.scratch)]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )
        assert done.returncode == 0, done.stdout.decode(errors="replace")
        statuses: list[int] = json.loads((self.scratch / "statuses").read_text())
        return statuses

    def answers(self) -> list[Any]:
        """What each client was answered; raises what the first of them raised."""
        found = []
        for number, status in enumerate(self.run()):
            assert status == 0, f"a client ended with {status}"
            answer = pickle.loads((self.scratch / f"{number}.answer").read_bytes())  # noqa: S301
            if isinstance(answer, Exception):
                raise answer
            found.append(answer)
        return found

    def programs(self) -> list[str]:
        """The words by which their programs on the machine know their temporary directories."""
        return [
            word for file in self.scratch.glob("*.programs") for word in file.read_text().split()
        ]


class _Noted(WrappedTransport):
    """Writes down which programs were started, so that their ends can be waited for."""

    def __init__(self, inner: Transport, file: Path) -> None:
        super().__init__(inner)
        self._file = file

    def _wrap(self, channel: Channel) -> Channel:
        return _NotedChannel(channel, self._file)


class _NotedChannel(PassedOn):
    def __init__(self, inner: Channel, file: Path) -> None:
        super().__init__(inner)
        self._file = file

    def send(self, data: bytes) -> None:
        for word in _NONCE.findall(data[:4096]):
            with self._file.open("a") as file:
                file.write(f"{word.decode()}\n")
        self._inner.send(data)


def main(scratch: Path) -> None:
    """Do what the crew is told, each task in a process; write how they have ended."""
    crew: Crew = pickle.loads((scratch / "crew").read_bytes())  # noqa: S301  written by `Crew.run`
    registry = WrappingRegistry(crew.plugins)
    machine = load_machines(registry, {"SOJOURN_MACHINES": str(crew.machines)}).get(crew.machine)
    registry.backend(machine.backend)
    registry.open_transport(machine, interactive=False).close()  # imports what it needs

    def work(number: int, task: Task) -> Any:
        transport = registry.open_transport(machine, interactive=False)
        if task.die_after is not None:
            transport = DyingTransport(transport, task.die_after)
        noted = _Noted(transport, scratch / f"{number}.programs")
        context = MachineContext(machine, noted, client=f"crew{number}")
        try:
            return getattr(registry.backend(machine.backend), task.hook)(context, task.batch)
        except SojournError as error:
            return type(error)(error.message)
        finally:
            transport.close()

    children = []
    for number, task in enumerate(crew.tasks):
        child = os.fork()
        if child == 0:
            answer = work(number, task)
            (scratch / f"{number}.answer").write_bytes(pickle.dumps(answer))
            os._exit(0)
        children.append(child)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    (scratch / "statuses").write_text(json.dumps(statuses))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
