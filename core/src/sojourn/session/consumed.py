"""What went into a job: digests of bytes, or the attempt of a parent whose bytes nobody here saw."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sojourn.values.messages import JobOrder

_ATTEMPT = "attempt "


def going_in(order: "JobOrder", digests: Mapping[str, Mapping[str, str]]) -> str:
    """As JSON, by an input's name its digest or, for an output that stays where it is on the
    machine, the attempt that makes it. `digests` are by jobs' signatures."""
    stays = {one.name: f"{_ATTEMPT}{one.attempt}" for one in order.inputs if one.kind == "output"}
    return json.dumps({**digests.get(order.signature, {}), **stays})


def attempt_in(consumed: str) -> int | None:
    """The attempt, if that is what is known of an input, and not its digest."""
    number = consumed.removeprefix(_ATTEMPT)
    return int(number) if number != consumed and number.isdigit() else None
