"""When a machine is asked next. Pure: every time comes in as a number, in seconds.

A machine is asked every `interval` seconds while its jobs are young. A job that has been out
for an hour need not be looked at every half minute: a look adds at most a twentieth to the time
that it has been out already. Whoever does not answer is asked less and less often.
"""

from dataclasses import dataclass

from sojourn.defaults import POLL_COST_FACTOR, POLL_INTERVAL

AGE_SHARE = 20.0
"""A look comes at the latest when the youngest job has aged by one part in so many."""

SLOWEST = 300.0
"""However old the jobs, a machine that answers is asked so often, unless more is asked for."""

SLOWEST_RETRY = 900.0
"""However long a machine has not answered, it is asked so often."""

JITTER = 0.1
"""The share by which a wait is lengthened at random, so that monitors do not march in step."""

JUMP = 30.0
"""The clock has jumped, or the computer has slept, when wall clock and running time differ so."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of a machine when its next turn is settled.

    `interval` is the least time between two polls that user and administrators want; `cost`
    what the last poll cost the scheduler; `age` the time since the youngest job was handed in or started,
    None where none is out; `failures` how many turns in a row had no answer.
    """

    interval: float = POLL_INTERVAL
    cost: float = 0.0
    age: float | None = None
    failures: int = 0


def least(pace: Pace) -> float:
    """The least time between two polls, whatever else."""
    return max(pace.interval, POLL_COST_FACTOR * pace.cost)


def wait(pace: Pace, chance: float = 0.0) -> float:
    """Seconds from the end of one turn to the next; `chance` is a random number in [0, 1)."""
    shortest = least(pace)
    if pace.failures:
        delay = min(shortest * 2.0 ** min(pace.failures, 30), max(shortest, SLOWEST_RETRY))
    else:
        delay = max(shortest, min((pace.age or 0.0) / AGE_SHARE, SLOWEST))
    return delay * (1.0 + JITTER * chance)


def first_wait(pace: Pace, since_poll: float | None) -> float:
    """Seconds until the first turn of a monitor that has just begun.

    `since_poll` is the wall clock's time since the last poll by anybody; None if there was none.
    One that lies ahead tells of a clock that was set back, and says nothing.
    """
    if since_poll is None or since_poll < 0:
        return 0.0
    return max(0.0, least(pace) - since_poll)


def interval(machine: float, wanted: float | None) -> float:
    """The interval for a machine: what the user wants, but never under the machine's own."""
    return machine if wanted is None else max(machine, wanted)


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment by two clocks: `running` only goes forward and may stop while asleep."""

    wall: float
    running: float


def jump(before: Instant, now: Instant) -> float:
    """By how much the wall clock has moved more than time has run: > 0 after a sleep or a clock
    set forward, < 0 after one set back, 0 for what is too little to matter."""
    moved = (now.wall - before.wall) - (now.running - before.running)
    return moved if abs(moved) >= JUMP else 0.0
