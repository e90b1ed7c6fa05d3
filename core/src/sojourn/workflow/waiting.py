"""Staying until a job ends: what `--wait` does between two looks at a workflow."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sojourn.errors import MachineError
from sojourn.session.standing import handle_of
from sojourn.states import FINAL
from sojourn.store.records import JobRecord
from sojourn.suspension import JobSuspended, Suspension, WorkflowSuspended

if TYPE_CHECKING:
    from sojourn.workflow.context import Context


class _Ended(Exception):
    """A job has ended, so that something may be done."""


def wait_for(
    context: "Context", suspension: WorkflowSuspended, on_poll: Callable[[], None]
) -> None:
    """Wait until one of the jobs has ended.

    Raises:
        WorkflowSuspended: Ctrl-C, a machine that cannot be asked, or no job that goes on by itself.
    """
    keys = [(handle.signature, handle.machine) for handle in suspension.handles]
    records = list(context.store.get_many(keys).values())
    if not records:
        raise suspension

    def look(present: Sequence[JobRecord]) -> None:
        on_poll()
        if any(record.state in FINAL for record in present):
            raise _Ended

    try:
        context.session.poll_until_final(records, on_poll=look)
    except _Ended:
        return
    except KeyboardInterrupt:
        raise _as_it_stands(context, suspension) from None
    except MachineError as error:
        context.say(str(error))
        raise _as_it_stands(context, suspension) from error
    raise _as_it_stands(context, suspension)  # whatever is left needs a person


def _as_it_stands(context: "Context", suspension: WorkflowSuspended) -> WorkflowSuspended:
    """The same suspension, with what is known of its jobs by now."""
    children: list[Suspension] = []
    for child in suspension.children:
        if isinstance(child, WorkflowSuspended):
            children.append(_as_it_stands(context, child))
        elif isinstance(child, JobSuspended):
            handle = child.handle
            record = context.store.get(handle.signature, handle.machine)
            children.append(
                JobSuspended(handle_of(context.store, record, handle.machine, handle.signature))
            )
    return WorkflowSuspended(children, suspension.workflow)
