"""The keys that this backend adds to its machines in `machines.yaml`."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sojourn.machines.model import Seconds
from sojourn_local.limits import cpu_count


def _no_switch(value: object) -> object:
    if isinstance(value, bool):  # which would pass for 1
        raise ValueError("write a number")
    return value


class LocalConfig(BaseModel):
    """How jobs run on this computer."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    slots: Annotated[int, Field(gt=0), BeforeValidator(_no_switch)] = Field(
        default_factory=cpu_count
    )
    """How many jobs run at a time; as many as there are CPUs if not given."""
    grace: Seconds = 5.0
    """Seconds between asking a job to end (SIGTERM) and killing it."""
