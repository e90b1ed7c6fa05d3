"""A registry with two toy backends, and machines written to a file of the test's own."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, model_validator

from sojourn.contract import BackendInfo, hookimpl
from sojourn.machines.loading import Machines, load_machines
from sojourn.plugins.registry import Registry

Load = Callable[..., Machines]


class ToyKeys(BaseModel):
    """Keys of the backend `toy`."""

    slots: Annotated[int, Field(gt=0)] = 1
    """So many jobs run at a time."""


class BigKeys(BaseModel):
    """Keys of the backend `big`."""

    flavour: str | None = None
    ports: tuple[int, ...] = ()
    low: int = 0
    high: int = 9

    @model_validator(mode="after")
    def _ordered(self) -> "BigKeys":
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class Named:
    """A backend that only says what it is."""

    def __init__(self, info: BackendInfo) -> None:
        self.info = info

    @hookimpl
    def sojourn_backend_info(self) -> BackendInfo:
        return self.info


TOY = BackendInfo(
    "toy",
    "Runs jobs here",
    frozenset({"queue", "walltime", "memory"}),
    config_model=ToyKeys,
    transports=frozenset({"local"}),
)
BIG = BackendInfo("big", "A cluster", frozenset({"queue", "walltime"}), config_model=BigKeys)
BARE = BackendInfo("bare", "No keys of its own", frozenset())


@pytest.fixture
def registry() -> Registry:
    """The backends `toy` (local only), `big` and `bare`, and nothing that is installed."""
    made = Registry(discover=False)
    for info in (TOY, BIG, BARE):
        made.register(Named(info), name=info.name)
    return made


@pytest.fixture
def load(tmp_path: Path, registry: Registry) -> Load:
    """`load(text, **environ)` reads `text` as the file that SOJOURN_MACHINES names."""

    def from_text(text: str, **environ: str) -> Machines:
        file = tmp_path / "machines.yaml"
        file.write_text(dedent(text))
        return load_machines(registry, {"SOJOURN_MACHINES": str(file), **environ})

    return from_text
