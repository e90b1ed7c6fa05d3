"""What `sojourn machines check` says of things that all schedulers have. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sojourn.batch.units import clock, seconds
from sojourn.nearest import did_you_mean
from sojourn.values.messages import CheckLine
from sojourn.values.resources import Resources


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: whether jobs can go there, its state in words, and the longest walltime that it
    takes as the scheduler prints it (what is no duration is no limit)."""

    open: bool
    state: str
    longest: str = ""


def version_line(what: str, version: str, oldest: tuple[int, ...]) -> CheckLine:
    """Whether a version is one that the backend knows; a remark if it is older, or not told."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[: len(oldest)])
    if numbers >= oldest:
        return CheckLine(what, True, version)
    known = f"the oldest that Sojourn knows is {'.'.join(map(str, oldest))}"
    return CheckLine(what, None, version or "it does not say its version", known)


def queue_lines(
    defaults: Resources, usual: Sequence[str], queues: Mapping[str, Queue]
) -> list[CheckLine]:
    """Whether jobs can go to the queues of the defaults, or else to the scheduler's usual ones,
    and whether the walltime of the defaults fits there."""
    wanted = defaults.queue.split(",") if defaults.queue else usual
    others = f"one of: {', '.join(sorted(name for name in queues if queues[name].open))}"
    if not wanted:
        advice = f"set `queue` in the machine's `defaults`, {others}"
        return [CheckLine("queue", False, "none given, and there is no default queue", advice)]
    for name in wanted:
        if name not in queues:
            hint = did_you_mean(name, queues) or others
            return [CheckLine("queue", False, f"no queue {name}", hint)]
        if not queues[name].open:
            return [
                CheckLine("queue", False, f"{name}: {queues[name].state}", f"wait, or {others}")
            ]
    states = "; ".join(f"{name}: {queues[name].state}" for name in wanted)
    walltimes = (_walltime(defaults.walltime, name, queues[name].longest) for name in wanted)
    return [CheckLine("queue", True, states), *(line for line in walltimes if line is not None)]


def _walltime(asked: int | None, name: str, longest: str) -> CheckLine | None:
    most = seconds(longest)
    if asked is None or most is None or asked <= most:
        return None
    told = f"{clock(asked)} is more than {name} allows"
    return CheckLine("walltime", False, told, f"at most {longest}")
