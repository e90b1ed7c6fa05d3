"""What people do to jobs: cancel, hold, release, retry, and read what they print."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sojourn.errors import NoSuchJob
from sojourn.session.asking import Asking
from sojourn.session.changing import Changer
from sojourn.session.lookup import AnyJob, records_of
from sojourn.session.retrying import blocked_children, check_retry, next_attempt, wait_again
from sojourn.session.standing import handles_of
from sojourn.session.streams import stream_of
from sojourn.site.logs import LogPiece, read_log
from sojourn.store.records import JobRecord
from sojourn.suspension import JobHandle
from sojourn.values.messages import Change

if TYPE_CHECKING:
    from sojourn.values.resources import Resources


class Handling(Asking):
    """The part of a session that changes jobs."""

    def cancel(self, jobs: AnyJob | Sequence[AnyJob]) -> list[Change]:
        """End jobs, in one trip a machine; one that had ended is left alone, and the answer says so.

        As every method of this class, it takes one job or several: handles, or what the command
        line takes (a signature, the beginning of one, MACHINE:ID). A cancelled job is CANCELLED
        when the machine has confirmed that it ended; `wait` waits for that.

        Raises:
            NoSuchJob, AmbiguousSignature: a job is not known here; nothing is changed.
            MachineError: a machine could not be asked.
        """
        return self._changed(jobs, lambda changer, group: changer.cancel(group))

    def hold(self, jobs: AnyJob | Sequence[AnyJob]) -> list[Change]:
        """Keep jobs that are in the queue from starting.

        Raises:
            As `cancel`.
        """
        return self._changed(jobs, lambda changer, group: changer.hold(group))

    def release(self, jobs: AnyJob | Sequence[AnyJob]) -> list[Change]:
        """Let held jobs start again.

        Raises:
            As `cancel`.
        """
        return self._changed(jobs, lambda changer, group: changer.release(group))

    def _changed(
        self,
        jobs: AnyJob | Sequence[AnyJob],
        change: "Callable[[Changer, list[JobRecord]], list[Change]]",
    ) -> list[Change]:
        records = records_of(self.store, jobs)
        answers: dict[tuple[str, str], Change] = {}
        for name in dict.fromkeys(record.machine for record in records):
            group = [record for record in records if record.machine == name]
            changer = Changer(self._links.get(name), self.store, self.recorder)
            for record, answer in zip(group, change(changer, group), strict=True):
                answers[record.signature, name] = answer
        return [answers[record.signature, record.machine] for record in records]

    def retry(
        self, jobs: AnyJob | Sequence[AnyJob], *, resources: "Resources | None" = None
    ) -> list[JobHandle]:
        """Run ended jobs again, each in a new attempt; `resources` replace words of what they
        ask for. Children that were cancelled because of them go with them. A result that is
        here stays until the new one comes.

        Raises:
            NoSuchJob, AmbiguousSignature: a job is not known here; nothing is changed.
            NotPossible: one has not ended, or its inputs have changed; nothing is changed.
            InvalidJob: as when a job is handed in for the first time; nothing is changed.
            SubmitRefused, MachineError: as when jobs are handed in.
        """
        records = records_of(self.store, jobs)
        check_retry(self, records, resources)
        for record in records:
            next_attempt(self, record, resources)
        children = blocked_children(self.store, records)
        for child in children:
            next_attempt(self, child, None)
        wait_again(self.store, [*records, *children])
        for name in dict.fromkeys(record.machine for record in records):
            self.submit_waiting(name)
        return handles_of(self.store, self.again(records))

    def log(self, job: AnyJob, name: str = "stdout", *, offset: int = 0) -> LogPiece:
        """A piece of what a job has printed, at most 1 MiB from the byte `offset` on (counted from
        the end if negative). `piece.end` is the offset to read on from, also while it runs.

        `name` is "stdout" or "stderr". Where the job's own `stdout` or `stderr` names an output,
        that file is read.

        Raises:
            NoSuchJob, AmbiguousSignature: the job is not known here.
            MachineError: the machine could not be asked.
        """
        (record,) = records_of(self.store, job)
        link = self._links.get(record.machine)
        stream = stream_of(record, name)

        def read() -> LogPiece:
            with link.context.trip() as dialogue:
                attempt = record.signature, record.attempt
                piece = read_log(dialogue, *attempt, stream, offset)
                # Before the command begins, what prepares it prints into the log.
                return piece if piece.there else read_log(dialogue, *attempt, name, offset)

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
