"""What `sojourn machines check` says of things that all schedulers have. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sojourn.nearest import did_you_mean
from sojourn.values.messages import CheckLine


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: whether jobs can go there, and its state in words."""

    open: bool
    state: str


def queue_line(wanted: Sequence[str], queues: Mapping[str, Queue]) -> CheckLine:
    """Whether jobs can go to the queues that the defaults (or else the scheduler) name."""
    others = f"one of: {', '.join(sorted(name for name in queues if queues[name].open))}"
    if not wanted:
        advice = f"set `queue` in the machine's `defaults`, {others}"
        return CheckLine("queue", False, "none given, and there is no default queue", advice)
    for name in wanted:
        if name not in queues:
            return CheckLine(
                "queue", False, f"no queue {name}", did_you_mean(name, queues) or others
            )
        if not queues[name].open:
            return CheckLine("queue", False, f"{name}: {queues[name].state}", f"wait, or {others}")
    return CheckLine("queue", True, "; ".join(f"{name}: {queues[name].state}" for name in wanted))
