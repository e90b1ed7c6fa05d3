"""One machine's Slurm: its keys in `machines.yaml`, and what the probe has found."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sojourn.batch.scheduler import BatchScheduler
from sojourn_slurm.commands import Commands


def _word(value: object) -> object:
    """YAML reads a bare `on` or `off` as a truth value."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


class SlurmOptions(BaseModel):
    """The keys that this backend adds to its machines."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    cluster: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]*$")] = ""
    """The one cluster that Slurm's commands are to address, as their `-M` does."""
    accounting: Annotated[Literal["auto", "on", "off"], BeforeValidator(_word)] = "auto"
    """Whether sacct answers there; `auto` finds out."""


class Site(BatchScheduler):
    """What the questions are asked about. `accounting` is None where that is not known."""

    def __init__(self, options: object = None, facts: Mapping[str, str] | None = None) -> None:
        super().__init__(options, facts)
        given = options if isinstance(options, SlurmOptions) else SlurmOptions()
        self.commands = Commands(given.cluster, "federation" in self.facts)
        storage = self.facts.get("AccountingStorageType")
        found = None if storage is None else storage.endswith("/slurmdbd")
        self.accounting = {"on": True, "off": False}.get(given.accounting, found)

    def array_limit(self) -> int:
        """Most tasks of an array, whose indices must be below MaxArraySize (1001 unless set)."""
        size = self.facts.get("MaxArraySize", "")
        limit = int(size) - 1 if size.isdecimal() else 1000
        fewer = re.search(r"max_array_tasks=(\d+)", self.facts.get("SchedulerParameters", ""))
        return max(1, min(limit, int(fewer[1])) if fewer is not None else limit)
