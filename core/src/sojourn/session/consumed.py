"""What went into a job: digests of bytes, or the attempt of a parent whose bytes nobody here saw."""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.results.result import Result
    from sojourn.values.messages import JobOrder

_ATTEMPT = "attempt "


def going_in(
    order: "JobOrder", signed: "SignedJob", result: "Callable[[str], Result | None]"
) -> str:
    """As JSON, by an input's name its digest or, for an output that stays where it is on the
    machine, the attempt that makes it. `result` gives the job's result that is sent from here."""
    found = signed.consumed
    for given, entry in zip(signed.inputs, order.inputs, strict=True):
        if entry.kind == "output":
            found[given.name] = f"{_ATTEMPT}{entry.attempt}"
        elif given.kind == "output" and entry.kind == "blob":
            found[given.name] = entry.digest
        elif given.kind == "output":  # a directory: what travels is an archive of it
            found[given.name] = output_digest(result(given.signature), given.output)
    return json.dumps(found)


def attempt_in(consumed: str) -> int | None:
    """The attempt, if that is what is known of an input, and not its digest."""
    number = consumed.removeprefix(_ATTEMPT)
    return int(number) if number != consumed and number.isdigit() else None


def output_digest(result: "Result | None", output: str) -> str:
    """What stands for the bytes of one output of a result: a file's digest, or, for a
    directory, one over all that lies in it; "" if it is not here."""
    if result is None:
        return ""
    inside = {
        name: digest
        for name, digest in result.digests.items()
        if name == output or name.startswith(f"{output}/")
    }
    if output in inside:
        return inside[output]
    if not inside:
        return ""
    lines = "".join(f"{name}\0{inside[name]}\0" for name in sorted(inside))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
