"""What the terminal UI shows, read from the store in one go. Contacts nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.store.machines import MachineRecord
from sojourn.store.plans import Membership, WorkflowRecord
from sojourn.store.records import JobLine

if TYPE_CHECKING:
    from sojourn.store.store import Store

Key = tuple[str, str]
"""A job: its signature and its machine."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The store at one moment. `jobs` has every job once, the newest first; `members` the places
    of jobs in each workflow, by node; `ready` the suspended workflows that wait for no job."""

    jobs: Mapping[Key, JobLine] = field(default_factory=dict)
    workflows: Mapping[str, WorkflowRecord] = field(default_factory=dict)
    members: Mapping[str, Sequence[Membership]] = field(default_factory=dict)
    machines: Mapping[str, MachineRecord] = field(default_factory=dict)
    ready: frozenset[str] = frozenset()


def take(store: "Store") -> Snapshot:
    """Read the store. A job is `paused` here if anything that it belongs to is."""
    lines = store.pauses().shown(store.listing())
    workflows = {record.name: record for record in store.workflows()}
    suspended = [record for record in workflows.values() if record.status == "suspended"]
    waited_for = {signature for record in suspended for signature in record.suspended_on}
    unfinished = store.unfinished(waited_for) if waited_for else frozenset()
    return Snapshot(
        jobs={(line.signature, line.machine): line for line in lines},
        workflows=workflows,
        members={name: store.members(name) for name in workflows},
        machines=store.machines(),
        ready=frozenset(r.name for r in suspended if unfinished.isdisjoint(r.suspended_on)),
    )
