"""Jobs and steps by signature, with what the signature was made of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.cli.selection import one
from sojourn.defaults import SIGNATURE_PREFIX
from sojourn.errors import AmbiguousSignature, NoSuchJob

if TYPE_CHECKING:
    from sojourn.store.store import Store


@dataclass(frozen=True, slots=True)
class Signed:
    """A job or a step, and the components of its signature."""

    signature: str
    name: str
    components: Mapping[str, Any]


def signed(store: "Store", text: str, machine: str | None = None) -> Signed:
    """The job or step that is meant; what workflows had before counts too.

    Raises:
        NoSuchJob, AmbiguousSignature: there is none, or several.
    """
    others = _others(store, text)
    try:
        job = one(store, text, machine)
    except NoSuchJob:
        if len(others) == 1:
            return next(iter(others.values()))
        if others:
            raise AmbiguousSignature(
                f"{text!r} begins the signatures of {len(others)} steps",
                hint=f"one of {', '.join(f'{each.signature[:12]} ({each.name})' for each in others.values())}",
            ) from None
        raise
    return Signed(job.signature, job.name or job.step, json.loads(job.components))


def _others(store: "Store", text: str) -> dict[str, Signed]:
    """Steps that are remembered, and nodes as they were last seen."""
    low = text.lower()
    if len(low) < SIGNATURE_PREFIX:
        return {}
    steps = (
        Signed(step.signature, step.name, json.loads(step.components))
        for step in store.steps()
        if step.signature.startswith(low)
    )
    return {each.signature: each for each in steps}
