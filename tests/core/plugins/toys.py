"""Backends of the test's own process."""

from collections.abc import Callable, Sequence
from typing import Any

from sojourn.contract import BackendInfo, Capability, hookimpl
from sojourn.values.messages import (
    Change,
    Changed,
    CheckLine,
    FetchAnswer,
    FetchRequest,
    JobOrder,
    JobRef,
    Phase,
    PollAnswer,
    SchedulerWord,
    Settled,
    Settlement,
)
from sojourn.values.resources import Resources

EVERYTHING = frozenset(Capability)


class Silent:
    """A backend that says what it is and does nothing."""

    def __init__(
        self, name: str = "silent", capabilities: frozenset[Capability] = EVERYTHING, **more: Any
    ) -> None:
        self.info = BackendInfo(
            name, f"The toy {name}", frozenset({"queue", "walltime"}), 1, capabilities, **more
        )

    @hookimpl
    def sojourn_backend_info(self) -> BackendInfo:
        return self.info


class Toy(Silent):
    """A backend that answers well, or whatever `spoil` makes of its answer, and keeps count."""

    def __init__(self, name: str = "toy", **more: Any) -> None:
        super().__init__(name, **more)
        self.asked: list[str] = []
        self.spoil: Callable[[Any], Any] = lambda answer: answer

    def _answer(self, hook: str, answer: Any) -> Any:
        self.asked.append(hook)
        return self.spoil(answer)

    @hookimpl
    def sojourn_submit(self, orders: Sequence[JobOrder]) -> Any:
        return self._answer("submit", [handed_in(each, self.info.name) for each in orders])

    @hookimpl
    def sojourn_find(self, jobs: Sequence[JobRef]) -> Any:
        return self._answer("find", [handed_in(each, self.info.name) for each in jobs])

    @hookimpl
    def sojourn_poll(self, jobs: Sequence[JobRef]) -> Any:
        word = SchedulerWord(Phase.WAITING)
        return self._answer("poll", [PollAnswer(j.signature, j.attempt, word) for j in jobs])

    @hookimpl
    def sojourn_fetch(self, requests: Sequence[FetchRequest]) -> Any:
        return self._answer("fetch", [FetchAnswer(each.signature) for each in requests])

    @hookimpl
    def sojourn_cancel(self, jobs: Sequence[JobRef]) -> Any:
        return self._answer("cancel", [done(each) for each in jobs])

    @hookimpl
    def sojourn_hold(self, jobs: Sequence[JobRef]) -> Any:
        return self._answer("hold", [done(each) for each in jobs])

    @hookimpl
    def sojourn_release(self, jobs: Sequence[JobRef]) -> Any:
        return self._answer("release", [done(each) for each in jobs])

    @hookimpl
    def sojourn_script(self, orders: Sequence[JobOrder]) -> Any:
        return self._answer("script", "\n".join(each.command for each in orders))

    @hookimpl
    def sojourn_check(self) -> Any:
        return self._answer("check", [CheckLine("tools", ok=True)])


def handed_in(job: JobOrder | JobRef, by: str) -> Settlement:
    """The answer of the backend `by` to a job that it has taken."""
    return Settlement(job.signature, job.attempt, Settled.HANDED_IN, scheduler_id=f"{by}.1")


def done(job: JobRef) -> Change:
    """The answer about a job that was changed as asked."""
    return Change(job.signature, job.attempt, Changed.DONE)


def refs(count: int) -> list[JobRef]:
    """So many different jobs."""
    return [JobRef(f"{index:064x}", 1) for index in range(1, count + 1)]


def orders(count: int) -> list[JobOrder]:
    """So many different orders."""
    return [
        JobOrder(each.signature, each.attempt, "job", Resources(), command="true")
        for each in refs(count)
    ]
