"""Running a workflow script inside this process, and telling how far it came."""

import hashlib
import os
import runpy
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from sojourn.cli import output
from sojourn.cli.amounts import count
from sojourn.cli.progress import RunDisplay
from sojourn.cli.questions import ask_to_update, has_person
from sojourn.cli.runwords import show_traceback, suspended, workflow_of
from sojourn.cli.treelines import plan_lines
from sojourn.errors import EXIT_DONE, EXIT_FAILED, SojournError, UsageError
from sojourn.suspension import Suspension, WorkflowSuspended, suspensions_in
from sojourn.workflow.report import Plan
from sojourn.workflow.settings import DryRun, RunSettings, using

ENVIRONMENT = (
    "SOJOURN_HOME", "SOJOURN_MACHINES", "PATH", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX",
    "LD_LIBRARY_PATH", "LANG",
)  # fmt: skip
"""Variables that matter to any script; their names are recorded, never their values."""

_SHOWN = 20
"""So many lines about changes are printed above a question."""


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
    update: bool = False
    retry_changed: bool = True
    env: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """What to type to go on."""
        words = ["sojourn", "run", str(self.script)]
        words += ["--on", self.on] if self.on else []
        words += ["--accept-stale"] if self.accept_stale else []
        words += [] if self.retry_changed else ["--no-retry-changed"]
        words += [word for name in self.env for word in ("--env", name)]
        words += ["--", *self.arguments] if self.arguments else []
        return shlex.join(words)


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
            return suspended(waiting, request.command)
        if isinstance(error, SojournError | KeyboardInterrupt | SystemExit):
            raise
        show_traceback(error, request.script)
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
        update=request.update,
        retry_changed=request.retry_changed,
        confirm=_ask_about(display) if has_person() else None,
        confirm_update=_ask_to_update(display) if has_person() else None,
        on_report=display.show,
        say=display.say,
        script=str(request.script.absolute()),
        arguments=request.arguments,
        directory=str(Path.cwd()),
        environment=tuple(dict.fromkeys(names)),
        needed=tuple(name for name in dict.fromkeys(request.env) if name in names),
        script_digest=hashlib.sha256(source).hexdigest(),
    )


def _ask_about(display: RunDisplay) -> Callable[[Plan], bool]:
    """A question at the terminal, before many known jobs run again."""

    def confirm(plan: Plan) -> bool:
        display.pause()
        for text in plan_lines(plan, limit=_SHOWN):
            output.note(text)
        jobs = count(plan.jobs_changed, "job")
        return click.confirm(
            f"sojourn: hand in {jobs} that were known under another signature?", err=True
        )

    return confirm


def _ask_to_update(display: RunDisplay) -> Callable[[Sequence[str]], bool]:
    """A question at the terminal, before jobs that wait in the queue are replaced."""

    def confirm(about: Sequence[str]) -> bool:
        display.pause()
        return ask_to_update(about)

    return confirm


def _run(request: Request, settings: RunSettings) -> int:
    while True:
        try:
            return _once(request)
        except BaseException as error:
            waiting = tuple(suspensions_in(error))
            # A workflow has waited by itself: if it suspends, that is what was wanted.
            if not (waiting and settings.wait) or any(map(workflow_of, waiting)):
                raise
            _stay(waiting)


def _once(request: Request) -> int:
    with _as_program(request):
        try:
            runpy.run_path(str(request.script), run_name="__main__")
        except SystemExit as end:  # as the interpreter takes it
            if end.code is None or isinstance(end.code, int):
                return end.code or EXIT_DONE
            output.said(str(end.code))
            return EXIT_FAILED
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
