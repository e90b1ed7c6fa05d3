"""What a backend is given to work with: one machine, and trips to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sojourn.defaults import CONNECT_TIMEOUT
from sojourn.site.trip import Dialogue, Place, trip

if TYPE_CHECKING:
    from sojourn.machines.model import Machine
    from sojourn.transports.base import Transport
    from sojourn.transports.metering import Meter


class Progress(Protocol):
    """Is told of bytes moved, for a display; must be quick."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def _say_nothing(_line: str) -> None:
    """Nobody listens."""


def no_progress(what: str, done: int, total: int) -> None:
    """Shows nothing."""


@dataclass(slots=True)
class Moved:
    """Bytes on their way in one transfer, told as they go."""

    progress: Progress
    what: str
    total: int
    done: int = 0

    def by(self, size: int) -> None:
        """So many more have been moved."""
        self.done += size
        self.progress(self.what, self.done, self.total)


@dataclass(slots=True)
class MachineContext:
    """One machine as a backend sees it; made by core, lives as long as the session.

    `facts` is what has been found out about the machine (dialect, limits) in this session:
    backends hold no state of their own.
    """

    machine: "Machine"
    transport: "Transport"
    facts: dict[str, str] = field(default_factory=dict)
    progress: Progress = no_progress
    say: Callable[[str], None] = _say_nothing
    """Takes a line for people about something that is no error."""
    meter: "Meter | None" = None
    scheduler_seconds: float = 0.0
    """How long the scheduler's commands have taken so far, of those that were answered."""
    root: str = ""
    """The root's absolute path, as the machine last said it; so too its own id."""
    root_id: str = ""
    client: str = ""
    """A word for this computer's store, under which interrupted uploads are continued."""

    @property
    def place(self) -> Place:
        """Where trips go."""
        machine = self.machine
        patience: float = getattr(machine.connection, "connect_timeout", CONNECT_TIMEOUT)
        return Place(machine.name, machine.root, machine.path, machine.group or "", patience)

    @contextmanager
    def trip(self, *, create: bool = False) -> Iterator[Dialogue]:
        """One trip; `create` makes the root directory if it is not there."""
        with trip(self.transport, self.place, create=create) as dialogue:
            self.root, self.root_id = dialogue.hello.root, dialogue.hello.root_id
            try:
                yield dialogue
            finally:
                self.scheduler_seconds += dialogue.seconds
                if self.meter is not None:
                    self.meter.add(scheduler_calls=dialogue.calls)
