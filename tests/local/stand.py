"""A machine of this computer for the tests: real hooks, real job.sh, real processes."""

import os
import secrets
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sojourn.machines.model import Machine
from sojourn.site.context import MachineContext
from sojourn.transports.local import LocalTransport
from sojourn.values.messages import (
    Change,
    JobOrder,
    JobRef,
    Parent,
    Phase,
    PollAnswer,
    SchedulerWord,
    Settled,
    Settlement,
)
from sojourn.values.resources import Resources
from sojourn_local import backend
from sojourn_local.config import LocalConfig
from sojourn_local.layout import Layout
from sojourn_local.records import Start, read_job
from tests.support.waiting import eventually


class Stand:
    """One root, one client. Several stands at one root are several clients."""

    def __init__(self, root: Path, *, slots: int = 2, grace: float = 0.5) -> None:
        self.root = root
        self.layout = Layout(root)
        self.transport = LocalTransport(machine="here")
        self.machine = Machine(
            name="here",
            backend="local",
            root=str(root),
            options=LocalConfig(slots=slots, grace=grace),
        )
        self.context = MachineContext(self.machine, self.transport, client="test")

    # --- jobs -------------------------------------------------------------------------------------

    def order(self, command: str, *parents: JobOrder, **more: Any) -> JobOrder:
        """A job of its own that runs `command`; other words are resources."""
        return JobOrder(
            signature=secrets.token_hex(32),
            attempt=1,
            name="test",
            resources=Resources(**more),
            command=command,
            parents=tuple(Parent(parent.signature, parent.attempt) for parent in parents),
            record="{}",
        )

    def submit(self, *orders: JobOrder) -> list[JobRef]:
        """Hand in jobs, all of which must be taken."""
        settled = backend.sojourn_submit(self.context, orders)
        assert [one.outcome for one in settled] == [Settled.HANDED_IN] * len(orders), settled
        return [ref(one) for one in settled]

    def run(self, command: str, **resources: Any) -> JobRef:
        """Hand in one job."""
        return self.submit(self.order(command, **resources))[0]

    def poll(self, *jobs: JobRef) -> list[PollAnswer]:
        """Poll, as a client does."""
        return list(backend.sojourn_poll(self.context, jobs))

    def word(self, job: JobRef) -> SchedulerWord:
        """The queue's word on a job."""
        return self.poll(job)[0].word

    def status(self, job: JobRef) -> int | None:
        """The status in a job's exit file."""
        site = self.poll(job)[0].site
        return site.exit.status if site is not None and site.exit is not None else None

    def cancel(self, *jobs: JobRef) -> list[Change]:
        """Cancel jobs."""
        return list(backend.sojourn_cancel(self.context, jobs))

    # --- waiting for ------------------------------------------------------------------------------

    def ended(self, job: JobRef, timeout: float = 30.0) -> SchedulerWord:
        """Wait for a job's end, polling."""

        def word() -> SchedulerWord | None:
            now = self.word(job)
            return now if now.phase is Phase.ENDED else None

        return eventually(word, timeout, saying=self.log) or self.word(job)

    def running(self, job: JobRef) -> Start:
        """Wait until a job has started, without polling: how it did."""

        def start() -> Start | None:
            with suppress(FileNotFoundError):
                return read_job((self.layout.running / job.scheduler_id).read_text())[1]
            return None

        found = eventually(start, saying=self.log)
        assert found is not None
        return found

    def adopted(self, job: JobRef) -> Start:
        """Kill a job's runner and poll until another has taken it over: its adoption."""
        before = self.running(job)
        kill([before.runner])

        def other() -> Start | None:
            self.poll(job)
            now = self.running(job)
            return now if now.runner != before.runner else None

        found = eventually(other, saying=self.log)
        assert found is not None
        return found

    def log(self) -> str:
        """What the runners had to say."""
        return self.layout.log.read_text() if self.layout.log.exists() else "no log"

    def work(self, job: JobRef) -> Path:
        """The directory in which a job's command runs."""
        return self.layout.attempt(job.signature, job.attempt) / "work"

    # --- processes --------------------------------------------------------------------------------

    def processes(self) -> dict[int, str]:
        """Whatever runs for this root, jobs and runners, by what they were started with."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                with suppress(OSError):
                    state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                    line = (folder / "cmdline").read_bytes()
                    if state != "Z" and str(self.root).encode() in (
                        line + (folder / "environ").read_bytes()
                    ):
                        found[int(folder.name)] = line.replace(b"\0", b" ").decode(errors="replace")
        return found

    def runners(self) -> list[int]:
        """The runners of this root."""
        return [pid for pid, line in self.processes().items() if "sojourn_local.runner" in line]

    def kill_all(self) -> None:
        """kill -9 for everything, as if the power had failed."""

        def none_left() -> bool:
            kill([*self.runners(), *self.processes()])
            return not self.processes()

        eventually(none_left)

    def close(self) -> None:
        """End what runs, and close the client."""
        self.transport.close()
        self.kill_all()


def ref(settlement: Settlement) -> JobRef:
    """What core would ask about later."""
    return JobRef(
        settlement.signature,
        settlement.attempt,
        settlement.token,
        settlement.index,
        settlement.scheduler_id,
    )


def kill(pids: Sequence[int]) -> None:
    """kill -9, those that have gone passed over."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
