"""Which jobs there are, as handles, and waiting for them to end."""

import time
from collections.abc import Callable, Collection, Sequence

from sojourn.session.asking import Asking
from sojourn.session.lookup import AnyJob, records_of
from sojourn.session.standing import handles_of
from sojourn.session.waiting import Waiting
from sojourn.states import State
from sojourn.suspension import JobHandle


class Listing(Asking):
    """The part of a session that gives handles of recorded jobs."""

    def jobs(
        self,
        *,
        state: State | Collection[State] | None = None,
        machine: str | None = None,
        workflow: str | None = None,
        step: str | None = None,
        name: str | None = None,
        scheduler_id: str | None = None,
        all_generations: bool = False,
    ) -> list[JobHandle]:
        """The jobs recorded here that fit everything given, the newest first. No machine is asked;
        `refresh` asks them all.

        `state` is one state or several. Jobs of a `workflow` are those of its last run unless
        `all_generations` is given. An unknown name of anything fits no job.
        """
        states = [state] if isinstance(state, State) else state
        found = self.store.select(
            workflow=workflow, step=step, states=states, machine=machine,
            current=not all_generations,
        )  # fmt: skip
        return handles_of(
            self.store,
            [
                record
                for record in found
                if name in (None, record.name) and scheduler_id in (None, record.scheduler_id)
            ],
        )

    def job(self, job: AnyJob) -> JobHandle:
        """A job as it is recorded now: of a handle, a signature, at least four characters of its
        beginning, or MACHINE:ID with the scheduler's id. No machine is asked.

        Raises:
            NoSuchJob, AmbiguousSignature: it stands for no job, or for several.
        """
        return handles_of(self.store, records_of(self.store, job))[0]

    def wait(
        self,
        jobs: AnyJob | Sequence[AnyJob],
        *,
        timeout: float | None = None,
        progress: Callable[[list[JobHandle]], None] | None = None,
    ) -> list[JobHandle]:
        """Block until all jobs have ended or `timeout` seconds have passed; their handles then.

        Machines are polled no more often than their `poll.interval`; what is not submitted yet is
        submitted as soon as it can be. `progress` is called with all handles after each poll; an
        exception of it ends the waiting and is raised here. A machine that does not answer is
        asked again, without an error.

        Jobs that cannot go on before somebody changes something (`handle.needs` says what) are
        not waited for. Results are not fetched; `run` and `gather` do that.

        Raises:
            NoSuchJob, AmbiguousSignature: a job is not known here.
        """
        waiting = self._waiting(jobs, timeout)
        while (pause := self._step(waiting, progress)) is not None:
            time.sleep(pause)
        return handles_of(self.store, waiting.present)

    def _waiting(self, jobs: AnyJob | Sequence[AnyJob], timeout: float | None) -> Waiting:
        return Waiting(self, records_of(self.store, jobs), timeout)

    def _step(
        self, waiting: Waiting, progress: Callable[[list[JobHandle]], None] | None
    ) -> float | None:
        pause = waiting.step()
        if progress is not None:
            progress(handles_of(self.store, waiting.present))
        return pause
