"""The reference host: ordinary functions as steps, jobs as nodes, run as far as can be.

Names are imported when they are first used: `sojourn run --help` needs `settings` alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sojourn.workflow.decorators import job as job
    from sojourn.workflow.decorators import step as step
    from sojourn.workflow.flow import Workflow as Workflow
    from sojourn.workflow.report import NodeReport as NodeReport
    from sojourn.workflow.report import NodeState as NodeState
    from sojourn.workflow.report import Plan as Plan
    from sojourn.workflow.report import WorkflowReport as WorkflowReport
    from sojourn.workflow.settings import DryRun as DryRun
    from sojourn.workflow.settings import RunSettings as RunSettings

_HOMES = {
    "DryRun": "settings",
    "NodeReport": "report",
    "NodeState": "report",
    "Plan": "report",
    "RunSettings": "settings",
    "Workflow": "flow",
    "WorkflowReport": "report",
    "job": "decorators",
    "step": "decorators",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sojourn.workflow' has no attribute {name!r}")
    return getattr(import_module(f"sojourn.workflow.{home}"), name)
