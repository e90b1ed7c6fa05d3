"""The keys that this backend adds to its machines in `machines.yaml`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class PbsOptions(BaseModel):
    """`dialect` names the family of PBS; `auto` finds out from the machine's own commands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dialect: Literal["auto", "openpbs", "torque"] = "auto"
