"""The local backend, unbroken: every hook asks the real one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sojourn.contract import BackendInfo, hookimpl
from sojourn.site.context import MachineContext
from sojourn.values.messages import (
    Change,
    CheckLine,
    FetchAnswer,
    FetchRequest,
    JobOrder,
    JobRef,
    PollAnswer,
    Settlement,
)
from sojourn_local import backend

NAME = "broken"


class Local:
    """What subclasses break in one place."""

    @hookimpl
    def sojourn_backend_info(self) -> BackendInfo:
        return replace(backend.sojourn_backend_info(), name=NAME)

    @hookimpl
    def sojourn_submit(
        self, context: MachineContext, orders: Sequence[JobOrder]
    ) -> Sequence[Settlement]:
        return backend.sojourn_submit(context, [self.order(order) for order in orders])

    def order(self, order: JobOrder) -> JobOrder:
        """The order as it is handed in and shown."""
        return order

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[Settlement]:
        return backend.sojourn_find(context, jobs)

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[PollAnswer]:
        return [self.answer(answer) for answer in backend.sojourn_poll(context, jobs)]

    def answer(self, answer: PollAnswer) -> PollAnswer:
        """The answer as it is given."""
        return answer

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> Sequence[FetchAnswer]:
        return backend.sojourn_fetch(context, requests)

    @hookimpl
    def sojourn_cancel(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[Change]:
        return backend.sojourn_cancel(context, jobs)

    @hookimpl
    def sojourn_hold(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[Change]:
        return backend.sojourn_hold(context, jobs)

    @hookimpl
    def sojourn_release(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[Change]:
        return backend.sojourn_release(context, jobs)

    @hookimpl
    def sojourn_script(self, context: MachineContext, orders: Sequence[JobOrder]) -> str:
        return backend.sojourn_script(context, [self.order(order) for order in orders])

    @hookimpl
    def sojourn_check(self, context: MachineContext) -> Sequence[CheckLine]:
        return backend.sojourn_check(context)


def attempt_dir(job: Any) -> str:
    """An attempt's directory, as seen from the root."""
    return f"jobs/{job.signature[:2]}/{job.signature}/{job.attempt}"
