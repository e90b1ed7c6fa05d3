"""What people do to jobs: cancel, hold, release, retry, and read what they print."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sojourn.errors import NoSuchJob
from sojourn.session.asking import Asking
from sojourn.session.changing import Changer
from sojourn.session.retrying import blocked_children, check_retry, next_attempt, wait_again
from sojourn.site.logs import LogPiece, read_log
from sojourn.store.records import JobRecord
from sojourn.values.messages import Change

if TYPE_CHECKING:
    from sojourn.values.resources import Resources


class Handling(Asking):
    """The part of a session that changes jobs."""

    def cancel(self, records: Sequence[JobRecord]) -> list[Change]:
        """End jobs; one trip a machine. One that had ended is left alone and said so."""
        return self._changed(records, lambda changer, group: changer.cancel(group))

    def hold(self, records: Sequence[JobRecord]) -> list[Change]:
        """Keep waiting jobs from starting."""
        return self._changed(records, lambda changer, group: changer.hold(group))

    def release(self, records: Sequence[JobRecord]) -> list[Change]:
        """Let held jobs start again."""
        return self._changed(records, lambda changer, group: changer.release(group))

    def _changed(
        self,
        records: Sequence[JobRecord],
        change: "Callable[[Changer, list[JobRecord]], list[Change]]",
    ) -> list[Change]:
        answers: dict[tuple[str, str], Change] = {}
        for name in dict.fromkeys(record.machine for record in records):
            group = [record for record in records if record.machine == name]
            changer = Changer(self._links.get(name), self.store, self.recorder)
            for record, answer in zip(group, change(changer, group), strict=True):
                answers[record.signature, name] = answer
        return [answers[record.signature, record.machine] for record in records]

    def retry(
        self, records: Sequence[JobRecord], *, resources: "Resources | None" = None
    ) -> list[JobRecord]:
        """Run ended jobs again, each in a new attempt; `resources` replace words of what they
        ask for. Children that were cancelled because of them go with them. A result that is
        here stays until the new one comes.

        Raises:
            NotPossible: one has not ended, or its inputs have changed; nothing is changed.
            InvalidJob: as when a job is handed in for the first time; nothing is changed.
            SubmitRefused, MachineError: as when jobs are handed in.
        """
        check_retry(self, records, resources)
        for record in records:
            next_attempt(self, record, resources)
        children = blocked_children(self.store, records)
        for child in children:
            next_attempt(self, child, None)
        wait_again(self.store, [*records, *children])
        for name in dict.fromkeys(record.machine for record in records):
            self.submit_waiting(name)
        return self.again(records)

    def log(self, record: JobRecord, name: str = "stdout", *, offset: int = 0) -> LogPiece:
        """A piece of what a job has printed, from `offset` on; reads on while it runs.

        Raises:
            MachineError: the machine could not be asked.
        """
        link = self._links.get(record.machine)

        def read() -> LogPiece:
            with link.context.trip() as dialogue:
                return read_log(dialogue, record.signature, record.attempt, name, offset)

        return link.contact(read)

    def record(self, signature: str, machine: str | None = None) -> JobRecord:
        """A job by its whole signature.

        Raises:
            NoSuchJob: it is not known here.
        """
        if machine is not None:
            found = self.store.get(signature, machine)
        else:
            found = next(iter(self.store.by_signature(signature)), None)
        if found is None:
            raise NoSuchJob(f"there is no job {signature[:12]}", hint="`sojourn list` shows all")
        return found
