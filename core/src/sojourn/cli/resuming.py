"""What `sojourn resume` does: asks the machines, asks the person, runs, and shows the log."""

import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TextIO

import click

from sojourn.cli import output
from sojourn.cli.amounts import count
from sojourn.cli.opening import open_session
from sojourn.cli.selection import check_workflow
from sojourn.errors import EXIT_DONE, EXIT_SUSPENDED, NotPossible, Occupied
from sojourn.processes import Process, is_dead
from sojourn.states import ACTIVE, State
from sojourn.store.plans import WorkflowRecord

if TYPE_CHECKING:
    from sojourn.monitor.launching import Launched
    from sojourn.session.session import Session

_LOOK = 0.1
"""Seconds between two looks at what a resumed workflow has printed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for."""

    workflow: str
    some: bool = False
    accept_script_change: bool = False
    yes: bool = False
    take_over: bool = False


def resume(request: Request) -> int:
    """Resume a workflow, if it is ready; returns the exit status of its run.

    Raises:
        UsageError: there is no such workflow.
        NotPossible, NeedsConfirmation: it cannot be run again, or its script has changed.
        Occupied: another process runs it.
    """
    from sojourn.monitor.child import EXIT_OCCUPIED
    from sojourn.monitor.launching import launch
    from sojourn.monitor.resuming import command_of

    with open_session() as session:
        record = _record(session, request)
        if record.status == "done":
            output.note(f"workflow {record.name} is done: nothing is left to resume")
            return EXIT_DONE
        command = command_of(record, accept_script_change=request.accept_script_change)
        out = _still_out(session, record)
        total = len(record.suspended_on)
        if total:
            jobs = f"{total - out} of {count(total, 'job')} that workflow {record.name} waits for"
            ready = f"{jobs} have ended"
        else:
            ready = f"workflow {record.name} is {record.status or 'new'}, and waits for no job"
        if out and not (request.some and out < total):
            output.note(f"{ready}, {out} {'is' if out == 1 else 'are'} still out")
            return _what_waits(session, record)
        at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
        if at_terminal and not request.yes and not _confirmed(ready):
            return EXIT_SUSPENDED
        if request.take_over:
            session.store.release_workflow(record.name, record.owner)
        home = session.store.path.parent
    launched = launch(record.name, command, home, seen=None, apart=True)
    status = _show(launched)
    if status == EXIT_OCCUPIED:
        raise _occupied(record)
    output.note(f"what it printed is kept in {_kept(launched)}")
    return status


def _confirmed(ready: str) -> bool:
    return click.confirm(f"sojourn: {ready}: continue?", default=True, err=True)


def _record(session: "Session", request: Request) -> WorkflowRecord:
    record = session.store.workflow(request.workflow)
    if record is None:
        check_workflow(session.store, request.workflow)
        raise NotPossible(f"nothing is known of workflow {request.workflow} but its jobs")
    if record.paused:
        raise NotPossible(
            f"workflow {record.name} is paused",
            hint=f"`sojourn unpause --workflow {record.name}` releases it",
        )
    if record.owner and not is_dead(record.owner) and not request.take_over:
        raise _occupied(record)
    return record


def _occupied(record: WorkflowRecord) -> Occupied:
    owner = Process.parse(record.owner)
    who = owner.short if owner is not None else record.owner or "another process"
    gone = "if that computer is gone, --take-over goes on without it"
    return Occupied(
        f"workflow {record.name} is being run already, by {who}",
        holder=who,
        hint=gone if owner is not None and owner.alive() is None else "",
    )


def _still_out(session: "Session", record: WorkflowRecord) -> int:
    """How many of the jobs that it waits for are out, as the machines say now."""
    store = session.store
    out = store.unfinished(record.suspended_on)
    jobs = [job for signature in out for job in store.by_signature(signature)]
    errors = session.refresh_each([job for job in jobs if job.state in ACTIVE - {State.NEW}])
    for error in errors.values():
        output.note(str(error))
    return len(store.unfinished(record.suspended_on))


def _what_waits(session: "Session", record: WorkflowRecord) -> int:
    """Say what the jobs that are active wait for; the exit status."""
    from sojourn.cli.waiting import outcome, tell_stuck

    known = session.store.by_signatures(record.suspended_on).values()
    active = [job for jobs in known for job in jobs if job.state in ACTIVE]
    tell_stuck(session.store, active)
    status = outcome(session, active)
    if status == EXIT_SUSPENDED:
        output.hint(f"`sojourn wait --workflow {record.name}` waits for them")
    return status


def _show(launched: "Launched") -> int:
    """Show what is printed until the end, each stream where it belongs; Ctrl-C is passed on.

    Returns the exit status.
    """
    process = launched.process
    assert launched.apart is not None
    with launched.log.open("rb") as log, launched.apart.open("rb") as out:
        while True:
            try:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK)
                ended = process.returncode is not None
                _pass_on(log, sys.stderr)
                _pass_on(out, sys.stdout)
                if ended:
                    return _status(process.returncode)
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)


def _pass_on(printed: BinaryIO, stream: TextIO) -> None:
    new = printed.read()
    if new:
        stream.buffer.write(new)
        stream.flush()


def _kept(launched: "Launched") -> str:
    """Where its words lie; a file of its output is kept only if there was some."""
    apart = launched.apart
    assert apart is not None
    if apart.stat().st_size:
        return f"{launched.log}, its standard output in {apart.name} beside it"
    apart.unlink()
    return str(launched.log)


def _status(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode
