"""Waiting for jobs with something to look at: live at a terminal, changes elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from sojourn.cli.ending import tell_tail
from sojourn.cli.joblist import machine_notes
from sojourn.cli.output import hint, note
from sojourn.errors import EXIT_DONE, EXIT_FAILED, EXIT_NEEDS_PERSON, EXIT_SUSPENDED
from sojourn.printable import flat
from sojourn.session.stuck import needs, remedy, stuck
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.store.store import Store

_TOLD = 3
"""So many failed jobs are told with what they printed."""


class Display(Protocol):
    """Shows how jobs stand."""

    def show(self, jobs: Sequence[JobRecord], notes: Sequence[str]) -> None:
        """Jobs as they stand now, and what is to be said about their machines."""
        ...


class ChangesOnly:
    """A line for each change: what a log file or a pipe is given."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], tuple[State, bool]] = {}
        self._said: set[str] = set()

    def show(self, jobs: Sequence[JobRecord], notes: Sequence[str]) -> None:
        for job in jobs:
            key = (job.signature, job.machine)
            now = (job.state, job.needs_person)
            if self._states.get(key) != now:
                self._states[key] = now
                reason = f": {flat(job.reason)}" if job.reason else ""
                name = f" {flat(job.name)}" if job.name else ""
                note(f"{job.signature[:8]}{name} on {job.machine} is {job.state}{reason}")
        for text in notes:
            what = text.partition(",")[0]  # without the age, which is another each time
            if what not in self._said:
                self._said.add(what)
                note(text)


@contextmanager
def display() -> Iterator[Display]:
    """What fits to where stderr goes."""
    if not sys.stderr.isatty():
        yield ChangesOnly()
        return
    from sojourn.cli.live import LiveJobs

    with LiveJobs() as live:
        yield live


def wait_for(
    session: "Session", jobs: Sequence[JobRecord], timeout: float | None = None
) -> list[JobRecord]:
    """Poll until all have ended or time is up, showing how they stand; how they stand then."""
    with display() as shown:

        def show(present: Sequence[JobRecord]) -> None:
            shown.show(present, machine_notes(session.store, present))

        return session.poll_until_final(jobs, timeout=timeout, on_poll=show)


def outcome(session: "Session", jobs: Sequence[JobRecord]) -> int:
    """The exit status that says how jobs stand."""
    active = [job for job in jobs if job.state not in FINAL]
    if active:
        left = len(stuck(session.store, active)) < len(active)
        return EXIT_SUSPENDED if left else EXIT_NEEDS_PERSON
    return EXIT_DONE if all(job.state is State.COMPLETED for job in jobs) else EXIT_FAILED


def tell_stuck(store: "Store", jobs: Sequence[JobRecord]) -> None:
    """Of jobs that do not go on by themselves: why, and what to do, each cause once."""
    active = [job for job in jobs if job.state not in FINAL]
    causes = {(c.signature, c.machine): c for c in stuck(store, active).values()}.values()
    alike: dict[tuple[str, str, str], list[JobRecord]] = {}
    for cause in causes:
        alike.setdefault((cause.machine, cause.step or cause.name, cause.reason), []).append(cause)
    for group in alike.values():
        more = f"; {len(group) - 1} more like it" if len(group) > 1 else ""
        note(needs(group[0]) + more)
        hint(remedy(group[0]))


def tell_failures(session: "Session", jobs: Sequence[JobRecord]) -> None:
    """Of jobs that ended, but not well: why, and what the first few of them printed."""
    from sojourn.session.failures import failed

    tell_stuck(session.store, jobs)
    broken = [job for job in jobs if job.state in FINAL and job.state is not State.COMPLETED]
    for job in broken[:_TOLD]:
        error = failed(session.link(job.machine), session.store, [job])[job.signature]
        note(error.message)
        tell_tail(error)
        hint(error.hint)
    if len(broken) > _TOLD:
        note(f"and {len(broken) - _TOLD} more did not end well; the table says why")
