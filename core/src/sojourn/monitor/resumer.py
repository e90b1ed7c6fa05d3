"""Which workflows are resumed now, and what is told of those that were, or cannot be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.errors import SojournError
from sojourn.monitor.child import EXIT_OCCUPIED, last_line
from sojourn.monitor.hands import Hands
from sojourn.monitor.launching import Launched, launch
from sojourn.monitor.readiness import Waiting, same_run
from sojourn.monitor.resuming import command_of, given_up, may_try, reason
from sojourn.monitor.schedule import Instant
from sojourn.notify.composing import SUSPENDED
from sojourn.processes import is_dead
from sojourn.store.plans import WorkflowRecord
from sojourn.values.notification import Notice, Topic

if TYPE_CHECKING:
    from sojourn.monitor.memory import Memory
    from sojourn.store.store import Store

STARTS_WITHIN = 120.0
"""Seconds within which a resume that another monitor has launched must have begun."""


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """How the monitor resumes: `some` when one job has ended, not only when all have."""

    some: bool = False
    accept_script_change: bool = False


class Resumer:
    """Resumes workflows that are ready. For one thread; `hands` wait for what was launched.

    What was launched is noted in `memory`: how it ends is told by the next monitor, if this one
    is no more by then.
    """

    def __init__(
        self,
        store: "Store",
        hands: Hands,
        memory: "Memory",
        options: ResumeOptions,
        *,
        report: Callable[[str], None],
    ) -> None:
        self._store = store
        self._home = store.path.parent
        self._hands = hands
        self._memory = memory
        self._options = options
        self._report = report
        self._running: dict[str, WorkflowRecord] = {}
        self._obstacles: dict[str, str] = {}
        self._notices: list[Notice] = []
        self.launched: list[tuple[str, Path]] = []
        """Every resume so far, with its log."""

    def notices(self, now: Instant) -> list[Notice]:
        """What there is to tell, until it was `told`."""
        for name, launched_at in list(self._memory.resumed.items()):
            if name not in self._running:
                self._settle(name, launched_at, now)
        return list(self._notices)

    def told(self, notices: Sequence[Notice]) -> None:
        """These were told."""
        self._notices = self._notices[len(notices) :]

    def start(
        self, waiting: Mapping[str, Waiting], now: Instant, *, missing: Callable[[Waiting], bool]
    ) -> None:
        """Resume what is ready; `missing` tells whether results of it are still to come."""
        for wait in waiting.values():
            record = wait.record
            if not wait.ready_for(some=self._options.some) or record.paused or missing(wait):
                continue
            if self._free(record) and may_try(record, now.wall):
                self._resume(record, now)

    def _free(self, record: WorkflowRecord) -> bool:
        """Whether nobody runs it, nor another workflow of the same script."""
        if record.name in self._memory.resumed:
            return False
        if any(same_run(record, other) for other in self._running.values()):
            return False
        return not record.owner or is_dead(record.owner)

    def _resume(self, record: WorkflowRecord, now: Instant) -> None:
        name = record.name
        try:
            command = command_of(record, accept_script_change=self._options.accept_script_change)
            launched = launch(name, command, self._home, seen=record.last_run_at)
        except SojournError as error:
            self._tell_obstacle(record, reason(error), now)
            return
        self._obstacles.pop(name, None)
        self._running[name] = record
        self._memory.resumed[name] = now.wall
        self._memory.keep()
        self.launched.append((name, launched.log))
        self._report(f"resuming workflow {name}; it prints to {launched.log}")
        self._hands.start(f"resume {name}", launched.wait, partial(self._ended, launched, now))

    def _tell_obstacle(self, record: WorkflowRecord, why: str, now: Instant) -> None:
        """Tell of what keeps a workflow from being resumed: once, also by the next monitor."""
        if self._obstacles.get(record.name) == why:
            return
        self._obstacles[record.name] = why
        if record.detail != why:
            self._store.update_workflow(record.name, detail=why)
            self._tell(Topic.WORKFLOW_FAILED, record.name, now.wall, why, state=SUSPENDED)

    def _ended(self, launched: Launched, begun: Instant, status: int) -> None:
        """A resume of ours has ended."""
        name = launched.workflow
        before = self._running.pop(name)
        after = self._store.workflow(name)
        if status == EXIT_OCCUPIED or after is None:
            self._memory.resumed.pop(name, None)
            return
        if after.resumes == before.resumes:  # it has not even begun
            said = last_line(launched.log) or f"exit status {status}"
            self._store.update_workflow(
                name,
                resumed_at=begun.wall,
                resume_failures=before.resume_failures + 1,
                log=str(launched.log),
                detail=f"could not be started: {said}",
            )
        self._settle(name, 0.0, begun)

    def _settle(self, name: str, launched_at: float, now: Instant) -> None:
        """Tell how a resume has ended, if it has."""
        record = self._store.workflow(name)
        if record is not None and record.owner and not is_dead(record.owner):
            return
        begun = record is None or (record.resumed_at or 0.0) >= launched_at
        if not begun and 0.0 <= now.wall - launched_at < STARTS_WITHIN:
            return  # it is about to claim the workflow
        self._memory.resumed.pop(name, None)
        if record is not None:
            self._tell_end(record, now)

    def _tell_end(self, record: WorkflowRecord, now: Instant) -> None:
        name = record.name
        if given_up(record):
            self._tell(
                Topic.WORKFLOW_FAILED,
                name,
                now.wall,
                f"{record.detail}; after {record.resume_failures} failures in a row it is not "
                f"resumed any more before `sojourn resume {name}`",
            )
        elif record.status == "failed":
            self._tell(Topic.WORKFLOW_FAILED, name, now.wall, record.detail)
        elif record.resume_failures:
            self._report(f"workflow {name} was not resumed: {record.detail}; tried again later")
        elif record.status == "done":
            self._tell(Topic.WORKFLOW_DONE, name, now.wall, "")
        else:
            count = len(record.suspended_on)
            self._report(f"workflow {name} waits again, for {count} job{'s' * (count != 1)}")

    def _tell(self, topic: Topic, name: str, at: float, detail: str, *, state: str = "") -> None:
        detail = detail.removeprefix(f"workflow {name} failed: ")
        self._notices.append(Notice(topic, name, at, detail, workflow=name, state=state))
