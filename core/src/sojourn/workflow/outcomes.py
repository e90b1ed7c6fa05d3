"""What became of a job, written on its node."""

from typing import TYPE_CHECKING

from sojourn.errors import MachineError, SojournError, StaleResult
from sojourn.states import FINAL, State
from sojourn.suspension import JobHandle, JobSuspended
from sojourn.workflow.kinds import JobNode
from sojourn.workflow.report import NodeState

if TYPE_CHECKING:
    from sojourn.results.result import Result
    from sojourn.store.records import JobRecord

_SHOWN = {
    State.RUNNING: NodeState.RUNNING,
    State.FINISHING: NodeState.RUNNING,
    State.NEW: NodeState.WAITING,
    State.COMPLETED: NodeState.DONE,
    **dict.fromkeys(FINAL - {State.COMPLETED}, NodeState.FAILED),
}


def waits(node: JobNode, handle: JobHandle, *, submitted: bool = False) -> None:
    """The job is not finished."""
    node.status.suspension = JobSuspended(handle)
    node.status.machine, node.status.reason = handle.machine, handle.reason
    state = _SHOWN.get(handle.state, NodeState.QUEUED)
    node.status.state = NodeState.SUBMITTED if submitted else state


def fails(node: JobNode, error: SojournError) -> None:
    """No result will come of it without somebody's doing."""
    node.status.error, node.status.reason = error, str(error)
    stale = isinstance(error, StaleResult)
    node.status.state = NodeState.STALE if stale else NodeState.FAILED


def is_done(node: JobNode, result: "Result", state: NodeState) -> None:
    """Its result is here."""
    node.status.value, node.status.state = result, state
    node.status.machine = result.machine


def is_held_up(node: JobNode, error: MachineError) -> None:
    """Its machine could not be asked."""
    node.status.held_up, node.status.reason = error, str(error)
    node.status.state = NodeState.WAITING


def shows(node: JobNode, record: "JobRecord") -> None:
    """How it stands by what is known here."""
    state = _SHOWN.get(record.state, NodeState.QUEUED)
    if (node.status.state, state) != (NodeState.SUBMITTED, NodeState.QUEUED):
        node.status.state = state
    node.status.machine, node.status.reason = record.machine, record.reason
