"""Running a workflow script inside this process, and telling how far it came."""

import hashlib
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import click

from sojourn.cli import output
from sojourn.cli.amounts import count
from sojourn.cli.progress import RunDisplay
from sojourn.cli.treelines import plan_lines
from sojourn.errors import EXIT_DONE, EXIT_FAILED, EXIT_SUSPENDED, SojournError, UsageError
from sojourn.suspension import Suspension, WorkflowSuspended, suspensions_in
from sojourn.workflow.report import Plan
from sojourn.workflow.settings import DryRun, RunSettings, using

ENVIRONMENT = (
    "SOJOURN_HOME", "SOJOURN_MACHINES", "PATH", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX",
    "LD_LIBRARY_PATH", "LANG",
)  # fmt: skip
"""Variables that matter to any script; their names are recorded, never their values."""


@dataclass(frozen=True, slots=True)
class Request:
    """What `sojourn run` was asked for."""

    script: Path
    arguments: tuple[str, ...] = ()
    on: str | None = None
    dry_run: bool = False
    wait: bool = False
    accept_changes: bool = False
    accept_stale: bool = False
    env: tuple[str, ...] = ()


def run_script(request: Request) -> int:
    """Run the script as far as it goes; returns the exit status.

    Raises:
        UsageError: there is no such script.
        SojournError: what its workflow raised and it did not catch.
    """
    source = _read(request.script)
    display = RunDisplay(live=request.wait)
    settings = _settings(request, source, display)
    try:
        with display, using(settings):
            status = _run(request, settings)
    except DryRun as planned:
        display.show(planned.report)
        display.print_trees()
        for text in plan_lines(planned.report.plan):
            output.note(text)
        return EXIT_DONE
    except BaseException as error:
        display.print_trees()
        waiting = tuple(suspensions_in(error))
        if waiting:
            return _suspended(waiting, request)
        if isinstance(error, SojournError | KeyboardInterrupt | SystemExit):
            raise
        _show_traceback(error, request.script)
        return EXIT_FAILED
    display.print_trees()
    return status


def _read(script: Path) -> bytes:
    try:
        return script.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the script {script}: {error.strerror}",
            hint="sojourn run SCRIPT.py, with a path from here",
        ) from error


def _settings(request: Request, source: bytes, display: RunDisplay) -> RunSettings:
    names = [name for name in (*ENVIRONMENT, *request.env) if name in os.environ]
    return RunSettings(
        on=request.on,
        dry_run=request.dry_run,
        accept_changes=request.accept_changes,
        accept_stale=request.accept_stale,
        wait=request.wait,
        confirm=_ask_about(display) if sys.stdin is not None and sys.stdin.isatty() else None,
        on_report=display.show,
        say=display.say,
        script=str(request.script.absolute()),
        arguments=request.arguments,
        directory=str(Path.cwd()),
        environment=tuple(dict.fromkeys(names)),
        script_digest=hashlib.sha256(source).hexdigest(),
    )


def _ask_about(display: RunDisplay) -> Callable[[Plan], bool]:
    """A question at the terminal, before many known jobs run again."""

    def confirm(plan: Plan) -> bool:
        display.pause()
        for text in plan_lines(plan):
            output.note(text)
        jobs = count(plan.jobs_changed, "job")
        return click.confirm(
            f"sojourn: hand in {jobs} that were known under another signature?", err=True
        )

    return confirm


def _run(request: Request, settings: RunSettings) -> int:
    while True:
        try:
            return _once(request)
        except BaseException as error:
            waiting = tuple(suspensions_in(error))
            # A workflow has waited by itself: if it suspends, that is what was wanted.
            if not (waiting and settings.wait) or any(map(_workflow_of, waiting)):
                raise
            _stay(waiting)


def _workflow_of(suspension: Suspension) -> str:
    """The name of the workflow that waits; "" for a plain session's jobs."""
    return suspension.workflow if isinstance(suspension, WorkflowSuspended) else ""


def _once(request: Request) -> int:
    with _as_program(request):
        try:
            runpy.run_path(str(request.script), run_name="__main__")
        except SystemExit as end:
            if isinstance(end.code, str):
                click.echo(end.code, err=True)
                return EXIT_FAILED
            return EXIT_DONE if end.code is None else int(end.code)
    return EXIT_DONE


@contextmanager
def _as_program(request: Request) -> Iterator[None]:
    """`sys` as the script would find it if Python itself had started it."""
    arguments, path = sys.argv, list(sys.path)
    sys.argv = [str(request.script), *request.arguments]
    sys.path.insert(0, str(request.script.absolute().parent))
    try:
        yield
    finally:
        sys.argv, sys.path = arguments, path


def _stay(waiting: tuple[Suspension, ...]) -> None:
    """Wait for what a script without a workflow waits for; then it is run again.

    Ctrl-C suspends: the jobs go on.
    """
    from sojourn.cli.opening import open_session
    from sojourn.cli.waiting import wait_for

    keys = [(h.signature, h.machine) for one in waiting for h in one.handles]
    try:
        with open_session() as session:
            wait_for(session, list(session.store.get_many(keys).values()))
    except KeyboardInterrupt:
        raise WorkflowSuspended(waiting) from None


def _suspended(waiting: tuple[Suspension, ...], request: Request) -> int:
    one = waiting[0] if len(waiting) == 1 else WorkflowSuspended(waiting)
    jobs = len(one.handles)
    they, have = ("they", "they have") if jobs != 1 else ("it", "it has")
    output.note(f"{one.what}; {they} go{'es' if jobs == 1 else ''} on without this program")
    output.note(f"to go on when {have} finished, run the same command again: {_again(request)}")
    output.hint(_how_to_wait(one))
    return EXIT_SUSPENDED


def _again(request: Request) -> str:
    import shlex

    words = ["sojourn", "run", str(request.script)]
    words += ["--on", request.on] if request.on else []
    words += ["--", *request.arguments] if request.arguments else []
    return shlex.join(words)


def _how_to_wait(one: Suspension) -> str:
    import shlex

    workflow = _workflow_of(one)
    if workflow:
        return f"`sojourn wait --workflow {shlex.quote(workflow)}` waits for them"
    jobs = " ".join(handle.signature[:8] for handle in one.handles[:3])
    return f"`sojourn wait {jobs}{' ...' if len(one.handles) > 3 else ''}` waits for them"


def _show_traceback(error: BaseException, script: Path) -> None:
    """A mistake of the script's is shown from the script on: what runs it is of no interest."""
    own: TracebackType | None = error.__traceback__
    while own is not None and Path(own.tb_frame.f_code.co_filename) != script:
        own = own.tb_next
    lines = traceback.format_exception(type(error), error, own)
    click.echo("".join(lines), err=True, nl=False)
