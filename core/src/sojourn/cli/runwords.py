"""What is said when a script has suspended, or has failed by its own mistake."""

import shlex
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from sojourn.cli import output
from sojourn.errors import EXIT_NEEDS_PERSON, EXIT_SUSPENDED
from sojourn.suspension import Suspension, WorkflowSuspended


def suspended(waiting: Sequence[Suspension], command: str) -> int:
    """Say what waits, and that `command` goes on; returns the exit status."""
    one = waiting[0] if len(waiting) == 1 else WorkflowSuspended(waiting)
    if one.needs:
        _tell_needs(one)
    if one.exit_status == EXIT_NEEDS_PERSON:
        output.note(f"{one.what}; nothing goes on by itself")
        output.hint(f"after the change, run the same command with --update: {command}")
        return EXIT_NEEDS_PERSON
    single = len(one.handles) == 1
    go, have = ("it goes", "it has") if single else ("they go", "they have")
    output.note(f"{one.what}; {go} on without this program")
    output.note(f"to go on when {have} finished, run the same command again: {command}")
    output.hint(f"`{_how_to_wait(one)}` waits for {'it' if single else 'them'}")
    return EXIT_SUSPENDED


def _tell_needs(one: Suspension) -> None:
    from sojourn.cli.waiting import tell_stuck
    from sojourn.store.store import Store

    with Store() as store:
        keys = [(handle.signature, handle.machine) for handle in one.handles if handle.needs]
        tell_stuck(store, list(store.get_many(keys).values()))


def workflow_of(suspension: Suspension) -> str:
    """The name of the workflow that waits; "" for a plain session's jobs."""
    return suspension.workflow if isinstance(suspension, WorkflowSuspended) else ""


def _how_to_wait(one: Suspension) -> str:
    workflow = workflow_of(one)
    if workflow:
        return f"sojourn wait --workflow {shlex.quote(workflow)}"
    jobs = " ".join(handle.signature[:8] for handle in one.handles[:3])
    return f"sojourn wait {jobs}{' ...' if len(one.handles) > 3 else ''}"


def show_traceback(error: BaseException, script: Path) -> None:
    """A mistake of the script's is shown from the script on: what runs it is of no interest."""
    own: TracebackType | None = error.__traceback__
    while own is not None and Path(own.tb_frame.f_code.co_filename) != script:
        own = own.tb_next
    lines = traceback.format_exception(type(error), error, own)
    output.said("".join(lines).removesuffix("\n"))
