"""What every part of a run stands on."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.printable import flat
from sojourn.session.renewal import RenewalPolicy
from sojourn.workflow.building import inside
from sojourn.workflow.kinds import JobNode
from sojourn.workflow.settings import RunSettings, current
from sojourn.workflow.values import Values

if TYPE_CHECKING:
    from sojourn.results.result import Result
    from sojourn.session.session import Session
    from sojourn.store.store import Store
    from sojourn.workflow.flow import Workflow


@dataclass(slots=True)
class Context:
    """One evaluation of one workflow."""

    top: "Workflow"
    session: "Session"
    settings: RunSettings
    values: Values
    say: Callable[[str], None]
    workflow: str
    """The name under which it is recorded: that of the outermost workflow."""
    version: str
    on: str | None
    is_part: bool
    """Whether it runs inside a step of another workflow, which keeps the records."""
    first_here: bool | None = None
    """Whether nothing of the workflow was recorded here when it began; None: not looked yet."""
    _results: "dict[tuple[str, str], Result | None]" = field(default_factory=dict)

    @property
    def policy(self) -> RenewalPolicy:
        """What follows where jobs are asked for otherwise than before."""
        given = self.settings
        return RenewalPolicy(given.update, given.retry_changed, given.confirm_update)

    @property
    def store(self) -> "Store":
        """The local record."""
        return self.session.store

    def cached(self, node: JobNode) -> "Result | None":
        """A job's result, if it is here; nobody is asked."""
        key = node.status.signature, node.machine
        if self._results.get(key) is None:
            self._results[key] = self.session.cached(node.status.signature, machine=node.machine)
        return self._results[key]

    def resolve(self, node: JobNode) -> str:
        """The name of the machine that a job is for.

        Raises:
            UnknownMachine: there is none of that name.
        """
        if not node.machine:
            word = self.settings.on or node.on or node.flow.machine_word or self.on
            machines = self.session.machines
            node.machine = (machines.default() if word is None else machines.get(word)).name
        return node.machine


def new_context(top: "Workflow", session: "Session") -> Context:
    """For the workflow as it is to be run here and now.

    Raises:
        UnknownMachine: the settings name one that there is not.
    """
    step = inside()
    settings = current()
    if settings.on is not None:
        session.machines.get(settings.on)
    return Context(
        top=top,
        session=session,
        settings=settings,
        values=Values(session.memo),
        say=settings.say or _print,
        workflow=top.name if step is None else step.workflow,
        version=top.version if step is None else step.version,
        on=None if step is None else step.on,
        is_part=step is not None,
    )


def new_session() -> "Session":
    """A session as the settings have it, or with the configured machines."""
    from sojourn.session.session import Session

    settings = current()
    if settings.session is not None:
        return settings.session()
    return Session(report=settings.say or _print)


def _print(line: str) -> None:
    print(f"sojourn: {flat(line)}", file=sys.stderr, flush=True)
