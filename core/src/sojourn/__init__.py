"""Sojourn: hand a long step to a scheduler, stop, and be started again to find it done.

Names are imported when they are first used, so that `import sojourn` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sojourn.contract import hookimpl as hookimpl
    from sojourn.errors import JobFailed as JobFailed
    from sojourn.errors import SojournError as SojournError
    from sojourn.session.session import Session as Session
    from sojourn.states import State as State
    from sojourn.suspension import JobHandle as JobHandle
    from sojourn.suspension import JobSuspended as JobSuspended
    from sojourn.suspension import WorkflowSuspended as WorkflowSuspended
    from sojourn.values.job import Input as Input
    from sojourn.values.job import Job as Job
    from sojourn.values.job import Remote as Remote
    from sojourn.values.resources import Resources as Resources
    from sojourn.workflow import Workflow as Workflow
    from sojourn.workflow import job as job
    from sojourn.workflow import step as step

__version__ = "0.1.0"

_HOMES = {
    "Input": "sojourn.values.job",
    "Job": "sojourn.values.job",
    "JobFailed": "sojourn.errors",
    "JobHandle": "sojourn.suspension",
    "JobSuspended": "sojourn.suspension",
    "Remote": "sojourn.values.job",
    "Resources": "sojourn.values.resources",
    "Session": "sojourn.session.session",
    "SojournError": "sojourn.errors",
    "State": "sojourn.states",
    "Workflow": "sojourn.workflow",
    "WorkflowSuspended": "sojourn.suspension",
    "hookimpl": "sojourn.contract",
    "job": "sojourn.workflow",
    "step": "sojourn.workflow",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sojourn' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
