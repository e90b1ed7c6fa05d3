"""Who runs a workflow: one process at a time may resume it, and a dead one is no obstacle."""

from typing import TYPE_CHECKING

from sojourn.processes import is_dead, me

if TYPE_CHECKING:
    from sojourn.store.store import Store

_KEPT: set[str] = set()
"""Workflows that this process runs until it says so itself, whatever happens in between."""


def claim(store: "Store", workflow: str, *, keep: bool = False) -> bool:
    """Become the process that runs a workflow; False if another one is that still lives.

    With `keep` this process stays it until `give_up`, also when a run of the workflow ends.
    """
    this = str(me())
    record = store.workflow(workflow)
    if record is None:
        return False
    mine = record.owner == this or store.claim_workflow(workflow, this)
    if not mine and is_dead(record.owner):
        mine = store.claim_workflow(workflow, this, instead_of=record.owner)
    if mine and keep:
        _KEPT.add(workflow)
    return mine


def release(store: "Store", workflow: str) -> None:
    """A run of the workflow has ended in this process."""
    if workflow not in _KEPT:
        store.release_workflow(workflow, str(me()))


def give_up(store: "Store", workflow: str) -> None:
    """Stop being the process that runs a workflow, also if it was to be kept."""
    _KEPT.discard(workflow)
    release(store, workflow)
