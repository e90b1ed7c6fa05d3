"""The keys that this backend adds to its machines in `machines.yaml`."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _word(value: object) -> object:
    """YAML reads a bare `on` or `off` as a truth value."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


class SlurmOptions(BaseModel):
    """`cluster` names the one cluster that Slurm's commands are to address, as their `-M` does.

    `accounting` says whether sacct answers there; `auto` finds out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cluster: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]*$")] = ""
    accounting: Annotated[Literal["auto", "on", "off"], BeforeValidator(_word)] = "auto"
