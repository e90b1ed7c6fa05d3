"""Resource words that a scheduler cannot take, refused with what to do instead. Pure."""

from collections.abc import Mapping

from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources


def refuse(resources: Resources, scheduler: str, lacks: Mapping[str, str]) -> None:
    """Refuse words that a scheduler, called so, has nothing for, with what to do instead.

    Words that no machine of a backend can honour are left out of its `BackendInfo.resources`,
    and core refuses them; this is for those that only some of its machines can.

    Raises:
        UnsupportedResource: one of them is given.
    """
    for word, instead in lacks.items():
        if getattr(resources, word):
            raise UnsupportedResource(f"{scheduler} has no word for `{word}`", hint=instead)


def refuse_both_memories(resources: Resources, scheduler: str) -> None:
    """Refuse `memory` beside `memory_per_cpu`, of which schedulers take one.

    Raises:
        UnsupportedResource: both are given.
    """
    if resources.memory is not None and resources.memory_per_cpu is not None:
        raise UnsupportedResource(
            f"{scheduler} takes either `memory` or `memory_per_cpu`, and both are given",
            hint="leave one out; it may come from the machine's defaults",
        )
