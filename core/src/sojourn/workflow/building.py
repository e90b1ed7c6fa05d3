"""Which workflow is being written here, and which run goes on: what calls of steps look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.workflow.flow import Workflow
    from sojourn.workflow.report import WorkflowReport


@dataclass(slots=True)
class Names:
    """Gives out paths: the first use of a name is the name, the next `name#2`, and so on."""

    prefix: str = ""
    _uses: dict[str, int] = field(default_factory=dict)

    def take(self, name: str) -> str:
        """A path of its own for something called `name`."""
        count = self._uses[name] = self._uses.get(name, 0) + 1
        return self.prefix + (name if count == 1 else f"{name}#{count}")


@dataclass(slots=True)
class Inside:
    """The step whose function is being called: a workflow that begins in there belongs to it."""

    workflow: str
    version: str
    on: str | None
    session: "Session"
    names: Names
    """Of the workflows that begin in it."""
    reports: "dict[str, WorkflowReport]" = field(default_factory=dict)
    """Their trees, by their paths."""


_BUILDING: "ContextVar[Workflow | None]" = ContextVar("sojourn_workflow", default=None)
_INSIDE: "ContextVar[Inside | None]" = ContextVar("sojourn_step", default=None)


def building() -> "Workflow | None":
    """The innermost workflow whose `with` we are in; None while functions are called."""
    return _BUILDING.get()


def inside() -> Inside | None:
    """The step whose function is being called, if any."""
    return _INSIDE.get()


@contextmanager
def writing(flow: "Workflow | None") -> Iterator[None]:
    """Let calls make nodes of `flow`; with None, let them simply run."""
    token = _BUILDING.set(flow)
    try:
        yield
    finally:
        _BUILDING.reset(token)


@contextmanager
def calling(step: Inside) -> Iterator[None]:
    """Let a step's function be called: what it calls in turn simply runs."""
    token = _INSIDE.set(step)
    try:
        with writing(None):
            yield
    finally:
        _INSIDE.reset(token)
