"""A client in a process of its own: `python -m sojourn.testing.worker FILE`.

`FILE` holds what is to be done, pickled by `Task.run`; the answer is written beside it.
"""

import pickle
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sojourn.machines.loading import load_machines
from sojourn.site.context import MachineContext
from sojourn.testing.transports import DyingTransport, WrappingRegistry
from sojourn.testing.transports.wrapping import PassedOn, WrappedTransport
from sojourn.transports.base import Channel, Transport

_NONCE = re.compile(rb"sj_nonce='?([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Task:
    """One hook to be asked. `die_after` ends the process with SIGKILL after so many bytes."""

    machines: Path
    machine: str
    plugins: dict[str, str]
    hook: str
    batch: Sequence[Any]
    client: str = "worker"
    die_after: int | None = None

    def start(self, scratch: Path) -> "Worker":
        """Start a process that does it."""
        scratch.mkdir(parents=True)
        file = scratch / "task"
        file.write_bytes(pickle.dumps(self))
        command = [sys.executable, "-m", "sojourn.testing.worker", str(file)]
        with (scratch / "stderr").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return Worker(process, scratch)


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that does a task."""

    process: "subprocess.Popen[bytes]"
    scratch: Path

    def answer(self, timeout: float = 120.0) -> Any:
        """Wait for the end and return the hook's answer, or raise what it raised."""
        status = self.end(timeout)
        assert status == 0, f"a client ended with {status}: {(self.scratch / 'stderr').read_text()}"
        answer = pickle.loads((self.scratch / "answer").read_bytes())  # noqa: S301  our own
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self, timeout: float = 120.0) -> int:
        """Wait for the end; the exit status, -9 for a process that has killed itself."""
        return self.process.wait(timeout)

    def programs(self) -> list[str]:
        """The words by which its programs on the machine know their temporary directories."""
        file = self.scratch / "programs"
        return file.read_text().split() if file.exists() else []


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


def work(task: Task, scratch: Path) -> Any:
    """Do it in this process."""

    def wrap(transport: Transport) -> Transport:
        if task.die_after is not None:
            transport = DyingTransport(transport, task.die_after)
        return _Noted(transport, scratch / "programs")

    registry = WrappingRegistry(task.plugins, wrap)
    machine = load_machines(registry, {"SOJOURN_MACHINES": str(task.machines)}).get(task.machine)
    transport = registry.open_transport(machine, interactive=False)
    context = MachineContext(machine, transport, client=task.client)
    try:
        return getattr(registry.backend(machine.backend), task.hook)(context, task.batch)
    finally:
        transport.close()


def main(file: Path) -> None:
    """Do what `file` says, and write the answer."""
    from sojourn.errors import SojournError

    task = pickle.loads(file.read_bytes())  # noqa: S301  written by `Task.start`
    try:
        answer = work(task, file.parent)
    except SojournError as error:
        answer = type(error)(error.message)
    (file.parent / "answer").write_bytes(pickle.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
