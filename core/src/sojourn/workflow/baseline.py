"""What the nodes of a workflow were before this process ran it, and which changes were agreed to.

A workflow may be evaluated in several parts: iterating a map, or asking for a node's value,
evaluates what that needs. All parts are compared with the same records, and counted together.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sojourn.store.plans import NodeRecord
    from sojourn.store.store import Store


@dataclass(slots=True)
class Baseline:
    """Kept by the outermost workflow."""

    changed: set[str] = field(default_factory=set)
    """Paths of the jobs to be submitted, in any part, that were known under another signature."""
    agreed: set[str] = field(default_factory=set)
    """Those of them that somebody has agreed to."""
    _records: "Mapping[str, NodeRecord] | None" = None

    def records(self, store: "Store", workflow: str) -> "Mapping[str, NodeRecord]":
        """By path, what each node was; read once, before anything is recorded."""
        if self._records is None:
            self._records = store.nodes(workflow)
        return self._records

    def to_agree(self, paths: Collection[str]) -> int:
        """Add changed jobs; how many nobody has agreed to yet."""
        self.changed.update(paths)
        return len(self.changed - self.agreed)

    def agree(self) -> None:
        """All of them are meant."""
        self.agreed |= self.changed
