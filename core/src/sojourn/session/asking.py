"""Asking machines: polls, what had to wait, results."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from sojourn.errors import SojournError, TransferFailed
from sojourn.session.base import SessionBase
from sojourn.session.fetching import Fetcher
from sojourn.session.lookup import AnyJob, records_of
from sojourn.session.polling import Poller
from sojourn.session.retrying import signed_again
from sojourn.session.standing import elsewhere
from sojourn.session.waiting import Waiting
from sojourn.states import HANDED_IN, State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.results.result import Result


_PATIENCE = 2.0
"""Seconds to wait for a machine that was polled just now, rather than not to ask it."""


class Asking(SessionBase):
    """The part of a session that finds out what has become of jobs."""

    def refresh(self, jobs: AnyJob | Sequence[AnyJob] | None = None) -> None:
        """Poll the machines of these jobs once each, and submit what had to wait. Without `jobs`,
        of all jobs. Paused ones are left alone, as is a machine that was polled just now.

        Machines that do not answer are named in `MachineError`s collected as notes; see
        `refresh_each`.

        Raises:
            MachineError: the first machine that gave no answer, after all others were asked.
        """
        errors = self.refresh_each(None if jobs is None else records_of(self.store, jobs))
        for error in errors.values():
            raise error

    def refresh_each(self, records: Iterable[JobRecord] | None = None) -> dict[str, SojournError]:
        """As `refresh`; returns what kept machines from being asked, by name."""
        given = self.store.select(states=HANDED_IN) if records is None else records
        chosen = {(record.signature, record.machine): record for record in given}.values()
        pauses = self.store.pauses()
        by_machine: dict[str, list[JobRecord]] = {}
        for record in chosen:
            if pauses.cover(record):
                continue
            if record.state in HANDED_IN or record.state is State.LOST:
                by_machine.setdefault(record.machine, []).append(record)
        errors: dict[str, SojournError] = {}
        for name, group in by_machine.items():
            try:
                link = self._links.get(name)
                poller = Poller(link, self.store, self.recorder)
                early = poller.earliest() - time.time()
                if early > _PATIENCE:  # polled so lately that a poll would be a burden
                    poller.find_unknown(group)
                    continue
                time.sleep(max(0.0, early))
                poller.poll(group)
                self.submit_waiting(name)
            except SojournError as error:
                errors[name] = error
        return errors

    def submit_waiting(self, machine: str) -> None:
        """Hand in jobs that had to wait: for a place in the queue, for a parent, for a retry.

        Not those that the scheduler has refused, or answered with words that are not understood a
        moment ago, nor those that are under way elsewhere by now.
        """
        now = time.time()
        pauses = self.store.pauses()
        waiting = [
            record
            for record in self.store.select(machine=machine, states=[State.NEW], newest_first=False)
            if not (pauses.cover(record) or record.refused or (record.not_before or 0) > now)
        ]
        known = self.store.by_signatures(record.signature for record in waiting)
        waiting = [
            one
            for one in waiting
            if not any(
                self.trust.counts(other, [machine])
                for other in elsewhere(known.get(one.signature, ()), machine)
            )
        ]
        if waiting:
            self.submitter(self._links.get(machine)).submit(signed_again(self, waiting))

    def fetch_results(self, records: Sequence[JobRecord]) -> dict[str, "Result | TransferFailed"]:
        """Bring the results of completed jobs into the cache, one trip a machine."""
        found: dict[str, Result | TransferFailed] = {}
        by_machine: dict[str, list[JobRecord]] = {}
        for record in records:
            by_machine.setdefault(record.machine, []).append(record)
        for name, group in by_machine.items():
            found |= Fetcher(self._links.get(name), self.store, self.results).fetch(group)
        return found

    def poll_until_final(
        self,
        records: Sequence[JobRecord],
        *,
        timeout: float | None = None,
        on_poll: Callable[[Sequence[JobRecord]], None] | None = None,
    ) -> list[JobRecord]:
        """As `Session.wait`, with records."""
        waiting = Waiting(self, records, timeout, on_poll)
        while (pause := waiting.step()) is not None:
            time.sleep(pause)
        return waiting.present

    def interval(self, machine: str) -> float:
        """Seconds between two polls of a machine, as configured."""
        return self._links.get(machine).machine.poll.interval

    def again(self, records: Iterable[JobRecord]) -> list[JobRecord]:
        """How jobs stand in the store now."""
        keys = [(record.signature, record.machine) for record in records]
        present = self.store.get_many(keys)
        return [present[key] for key in keys if key in present]
