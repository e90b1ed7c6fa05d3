"""What gc frees, here and on machines, as lines for a person."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.cli.amounts import age, count, size
from sojourn.cli.output import note
from sojourn.printable import flat
from sojourn.states import ACTIVE

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.store.store import Store

HEADS = ("WHAT", "JOB", "NAME", "MACHINE", "SIZE", "UNUSED", "PATH")


@dataclass(frozen=True, slots=True)
class Gone:
    """Something that was freed, or would be. `used_at` is seconds since the epoch, 0: unknown."""

    what: str
    size: int
    signature: str = ""
    name: str = ""
    machine: str = ""
    used_at: float = 0.0
    path: str = ""

    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        unused = age(time.time() - self.used_at) if self.used_at else ""
        return (
            self.what, self.signature[:8], flat(self.name), self.machine, size(self.size),
            unused, self.path,
        )  # fmt: skip

    def to_json(self, *, removed: bool) -> dict[str, Any]:
        """A JSON-able dict."""
        from sojourn.store.records import rfc3339

        return {
            "what": self.what,
            "signature": self.signature,
            "name": self.name,
            "machine": self.machine,
            "path": self.path,
            "size": self.size,
            "used_at": rfc3339(self.used_at) if self.used_at else None,
            "removed": removed,
        }


def here(
    session: "Session",
    older_than: float | None,
    keep_size: int | None,
    *,
    dry_run: bool,
    only: Collection[str] | None = None,
) -> list[Gone]:
    """Results in the cache; those that active jobs take something from stay."""
    from sojourn.results.housekeeping import collect

    needed = {parent for job in session.store.select(states=ACTIVE) for parent in job.parents}
    removed = collect(
        session.results,
        older_than=older_than,
        keep_size=keep_size,
        dry_run=dry_run,
        keep=needed,
        only=only,
    )
    gone = []
    for one in removed:
        jobs = session.store.by_signature(one.signature)
        name, machine = (jobs[0].name, jobs[0].machine) if jobs else ("", "")
        path = str(session.results.place(one.signature))
        gone.append(Gone("result", one.size, one.signature, name, machine, one.used_at, path))
    return gone


def superseded_signatures(store: "Store") -> set[str]:
    """The signatures of superseded jobs, without those that are current on another machine."""
    superseded = store.superseded()
    return {
        signature
        for signature, _ in superseded
        if all((job.signature, job.machine) in superseded for job in store.by_signature(signature))
    }


def there(
    session: "Session",
    machine: str,
    older_than: float,
    unfetched: bool,
    *,
    dry_run: bool,
    only: Collection[str] | None = None,
) -> list[Gone]:
    """Directories of ended jobs on a machine, and what no job needs any more."""
    from sojourn.garbage.machine import clear_machine

    cleared = clear_machine(
        session,
        machine,
        older_than=older_than,
        unfetched=unfetched,
        dry_run=dry_run,
        only=only,
    )
    gone = []
    for one in cleared.jobs:
        job = session.store.get(one.signature, machine)
        name = job.name if job is not None else ""
        gone.append(Gone("job", one.size, one.signature, name, machine, one.ended_at))
    for rest in cleared.rests:
        gone.append(Gone(rest.path.partition("/")[0], rest.size, machine=machine, path=rest.path))
    for why, number in cleared.kept.items():
        note(f"{machine}: {staying(number, why)}")
    return gone


_OF_ONE = {"have": "has", "are": "is", "were": "was", "belong": "belongs", "could": "could"}


def staying(number: int, why: str) -> str:
    """`1 job stays: it has not ended`, `2 jobs stay: they have not ended`."""
    if number != 1:
        return f"{count(number, 'job')} stay: they {why}"
    verb, _, rest = why.partition(" ")
    return f"1 job stays: it {_OF_ONE[verb]} {rest}"
