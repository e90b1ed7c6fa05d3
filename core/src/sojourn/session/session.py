"""`Session`: submit jobs, stop, come back, and find them done."""

import asyncio
from asyncio import to_thread
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from sojourn.errors import JobError, SojournError
from sojourn.session.handling import Handling
from sojourn.session.listing import Listing
from sojourn.session.lookup import AnyJob
from sojourn.session.outcomes import Outcomes, with_upstream
from sojourn.session.renewal import RenewalPolicy
from sojourn.session.standing import Reuse, handle_of, handles_of
from sojourn.session.submitting import Origin
from sojourn.session.waiting import Deadline
from sojourn.suspension import JobHandle, JobSuspended, WorkflowSuspended, suspend
from sojourn.values.job import Job

if TYPE_CHECKING:
    from sojourn.monitor.hosting import AsyncMonitor, MonitorThread
    from sojourn.results.result import Result
    from sojourn.values.events import JobEvent
    from sojourn.values.messages import Change
    from sojourn.values.notification import Notification

Progress = Callable[[list[JobHandle]], None]
"""Called with the handles of all jobs that are waited for, after each poll."""


class Session(Outcomes, Listing, Handling):
    """What a program holds to run jobs; close it, or use it as a context manager.

    `machines` are the configured machines by default. `home` is the directory of the store and of
    the results (default: SOJOURN_HOME, or else the user's data folder). With `interactive=False`
    nobody is asked for a password or a code. `progress` is called with bytes moved; `report` takes
    lines for people.

    A session may be used by many threads at once, and many sessions, in many processes, may share
    one home: each job is submitted once. Close it when the other threads have finished with it;
    what still uses it then ends with a `StoreError`. A forked child may continue with it. Jobs are not
    affected by any of this: they continue without the program.

    Methods block while a machine is asked. Those that end in `_async` do the same without
    blocking an event loop; a cancelled one ends at its next poll.
    """

    def run(
        self,
        job: Job,
        on: str | None = None,
        *,
        reuse: Reuse = "any",
        accept_stale: bool = False,
        update: bool = False,
        retry_changed: bool = True,
        wait: bool = False,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> "Result":
        """The result of a job; the first time, submit it and suspend, or wait.

        A cached result is returned without contact to any machine. To run the same command twice,
        give it `parameters` that differ, such as `parameters={"replicate": 2}`: they are part of
        the signature.

        With `wait=True` it blocks until the job has ended, at most `timeout` seconds; `progress`
        is called as by `wait`. It may be interrupted at any time: the job continues.

        Resources are no part of a job's signature. A job that failed and is asked for with other
        resources now (or whose machine's `setup` or `shell` has changed) runs again, unless
        `retry_changed` is False. One that waits in the queue is replaced with `update`: its attempt is
        closed, so that it can never start, before the next is submitted. One that runs goes on
        as it is. Each such change is reported.

        Raises:
            JobSuspended: it is not finished; run again later. With `wait`: time is up, or
                somebody has to do something first (`suspended.handle.needs`).
            JobFailed: it ended, but not well; it is not run again by itself as long as it is asked
                for as before.
            StaleResult: it was made from other bytes than its inputs have now.
            SubmitRefused: the scheduler would not have it.
            MachineError: the machine could not be asked; nothing has changed.
        """
        policy = RenewalPolicy(update, retry_changed)
        clock = Deadline(timeout)
        while True:
            outcome = self._outcomes([job], on, reuse, accept_stale, policy)[0]
            if not isinstance(outcome, JobHandle):
                return _result_of(outcome)
            if not wait or outcome.needs or clock.is_over:
                suspend(JobSuspended(outcome))
            self.wait(outcome, timeout=clock.left, progress=progress)

    async def run_async(
        self,
        job: Job,
        on: str | None = None,
        *,
        reuse: Reuse = "any",
        accept_stale: bool = False,
        update: bool = False,
        retry_changed: bool = True,
        wait: bool = False,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> "Result":
        """As `run`. `progress` is called in the event loop's thread."""
        policy = RenewalPolicy(update, retry_changed)
        clock = Deadline(timeout)
        while True:
            outcomes = await to_thread(self._outcomes, [job], on, reuse, accept_stale, policy)
            outcome = outcomes[0]
            if not isinstance(outcome, JobHandle):
                return _result_of(outcome)
            if not wait or outcome.needs or clock.is_over:
                suspend(JobSuspended(outcome))
            await self.wait_async(outcome, timeout=clock.left, progress=progress)

    async def submit_async(
        self,
        jobs: Sequence[Job],
        on: str | None = None,
        *,
        reuse: Reuse = "any",
        update: bool = False,
        retry_changed: bool = True,
    ) -> list[JobHandle]:
        """As `submit`."""
        return await to_thread(
            self.submit, jobs, on, reuse=reuse, update=update, retry_changed=retry_changed
        )

    async def cancel_async(self, jobs: AnyJob | Sequence[AnyJob]) -> "list[Change]":
        """As `cancel`."""
        return await to_thread(self.cancel, jobs)

    async def wait_async(
        self,
        jobs: AnyJob | Sequence[AnyJob],
        *,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> list[JobHandle]:
        """As `wait`. `progress` is called in the event loop's thread."""
        waiting = await to_thread(self._waiting, jobs, timeout)
        while True:
            pause = await to_thread(waiting.step)
            handles = await to_thread(handles_of, self.store, waiting.present)
            if progress is not None:
                progress(handles)
            if pause is None:
                return handles
            await asyncio.sleep(pause)

    @overload
    def gather(
        self, jobs: Sequence[Job], on: str | None = None, *, on_failure: Literal["raise"] = "raise",
        reuse: Reuse = "any", accept_stale: bool = False, update: bool = False,
        retry_changed: bool = True,
    ) -> "list[Result]": ...  # fmt: skip

    @overload
    def gather(
        self, jobs: Sequence[Job], on: str | None = None, *, on_failure: Literal["collect"],
        reuse: Reuse = "any", accept_stale: bool = False, update: bool = False,
        retry_changed: bool = True,
    ) -> "list[Result | JobError]": ...  # fmt: skip

    def gather(
        self,
        jobs: Sequence[Job],
        on: str | None = None,
        *,
        on_failure: Literal["raise", "collect"] = "raise",
        reuse: Reuse = "any",
        accept_stale: bool = False,
        update: bool = False,
        retry_changed: bool = True,
    ) -> Any:
        """The results of many jobs, in their order; suspends once for all that are not finished.

        With `on_failure="collect"` errors stand beside results instead of being raised. `update`
        and `retry_changed` are as in `run`.

        Raises:
            WorkflowSuspended: some are not finished; its children are their suspensions.
            JobFailed: the first that did not end well, when none is unfinished any more.
        """
        policy = RenewalPolicy(update, retry_changed)
        outcomes = self._outcomes(jobs, on, reuse, accept_stale, policy)
        waiting = [JobSuspended(one) for one in outcomes if isinstance(one, JobHandle)]
        if waiting:
            suspend(WorkflowSuspended(waiting))
        errors = [one for one in outcomes if isinstance(one, SojournError)]
        if errors and on_failure == "raise":
            raise errors[0]
        return outcomes

    def submit(
        self,
        jobs: Sequence[Job],
        on: str | None = None,
        *,
        reuse: Reuse = "any",
        origins: Mapping[str, Origin] | None = None,
        update: bool = False,
        retry_changed: bool = True,
        confirm: "Callable[[Sequence[str]], bool] | None" = None,
    ) -> list[JobHandle]:
        """Submit a batch in one trip and return handles; raises nothing for jobs that fail.

        `origins` says by signature which workflow and step a job belongs to. `update` and
        `retry_changed` are as in `run`; without `update`, `confirm` is asked whether jobs that
        wait with other resources are to be replaced, shown lines about them.

        Raises:
            SubmitRefused: if the scheduler refused one; the others are submitted.
        """
        signed = self.sign(jobs, on)
        machine = self._machine(on)
        policy = RenewalPolicy(update, retry_changed, confirm)
        asked = with_upstream(signed)
        renewed = self.renew(asked, machine, reuse=reuse, policy=policy)
        try:
            self.enter(signed, machine, reuse=reuse, origins=origins)
        finally:
            if renewed - {one.signature for one in asked}:
                self.submit_waiting(machine)
        standings = self._standings(signed, machine, reuse)
        return [
            handle_of(self.store, standings[one.signature], machine, one.signature)
            for one in signed
        ]

    def monitor(
        self,
        *,
        on_event: "Callable[[JobEvent], None] | None" = None,
        on_notification: "Callable[[Notification], None] | None" = None,
        interval: float | None = None,
        fetch: bool = True,
        notify: bool = False,
    ) -> "MonitorThread":
        """A monitor of all active jobs, in a thread, as long as a `with` lasts.

        `on_event` is called with every change of a job's state, in the monitor's thread. What it
        raises is an error in the log of `sojourn.monitor`, and the monitor continues.
        `interval` is in seconds between two polls of a machine, never less than the machine's
        own. With `fetch` results are brought here as jobs complete; with `notify` the channels
        of `notify.yaml` are told, and `on_notification` is shown each message. If another
        process monitors this store, that one's findings are passed on.
        """
        from sojourn.monitor.hosting import MonitorThread
        from sojourn.monitor.options import MonitorOptions

        options = MonitorOptions(
            interval, fetch, notify, follow=True, what="a monitor in a program"
        )
        return MonitorThread(
            self, options, report=self._report, on_event=on_event, on_notification=on_notification
        )

    def monitor_async(
        self, *, interval: float | None = None, fetch: bool = True, notify: bool = False
    ) -> "AsyncMonitor":
        """The same for asyncio: `async with` it, and `async for` gives every change of a job's
        state. The event loop is not blocked."""
        from sojourn.monitor.hosting import AsyncMonitor
        from sojourn.monitor.options import MonitorOptions

        options = MonitorOptions(
            interval, fetch, notify, follow=True, what="a monitor in a program"
        )
        return AsyncMonitor(self, options, report=self._report)

    def _outcomes(
        self,
        jobs: Sequence[Job],
        on: str | None,
        reuse: Reuse,
        accept_stale: bool,
        policy: RenewalPolicy,
    ) -> "list[Result | JobError | JobHandle]":
        signed = self.sign(jobs, on)
        machine = self._machine(on)
        return self.outcomes(signed, machine, reuse=reuse, accept_stale=accept_stale, policy=policy)


def _result_of(outcome: "Result | JobError") -> "Result":
    if isinstance(outcome, SojournError):
        raise outcome
    return outcome
