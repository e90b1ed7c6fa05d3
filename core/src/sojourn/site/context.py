"""What a backend is given to work with: one machine, and trips to it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sojourn.site.trip import Dialogue, Place, trip

if TYPE_CHECKING:
    from sojourn.machines.model import Machine
    from sojourn.transports.base import Transport


class Progress(Protocol):
    """Is told of bytes moved, for a display; must be quick."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def no_progress(what: str, done: int, total: int) -> None:
    """Shows nothing."""


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
    client: str = ""
    """A word for this computer's store, under which interrupted uploads are continued."""

    @property
    def place(self) -> Place:
        """Where trips go."""
        machine = self.machine
        return Place(machine.name, machine.root, machine.path, machine.group or "")

    def trip(self, *, create: bool = False) -> AbstractContextManager[Dialogue]:
        """One trip; `create` makes the root directory if it is not there."""
        return trip(self.transport, self.place, create=create)
