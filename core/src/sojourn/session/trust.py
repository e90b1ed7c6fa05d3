"""Whose word counts where: what came with a ticket, or was found under a root, is believed about
the machine it was found on, and about no other unless the user trusts it."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from sojourn.errors import SojournError

if TYPE_CHECKING:
    from sojourn.machines.loading import Machines

TICKET = "ticket"
"""The record came with a ticket."""
TRUSTED_TICKET = "trusted ticket"
"""The same, with `sojourn import --trust`."""
ROOT = "root"
"""Another client submitted the job, and it was found under the machine's root."""


class Sourced(Protocol):
    """A job's record, or the manifest of its result."""

    @property
    def machine(self) -> str: ...
    @property
    def imported(self) -> str: ...


class Trust:
    """Decides what satisfies a signature."""

    def __init__(self, machines: "Machines") -> None:
        self._machines = machines

    def counts(self, found: Sourced, on: Collection[str]) -> bool:
        """Whether `found` stands for its job when that is asked for on one of the machines `on`."""
        return (
            found.imported in ("", TRUSTED_TICKET)
            or found.machine in on
            or is_trusted(self._machines, found.machine)
        )


def is_trusted(machines: "Machines", name: str) -> bool:
    """Whether the entry of a machine says `trust: true`; not where there is no (sound) entry."""
    try:
        return machines.get(name).trust
    except SojournError:
        return False
