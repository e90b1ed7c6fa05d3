"""How a command ends: the one place that turns what went wrong into words and an exit status."""

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from sojourn.cli.output import hint, note
from sojourn.cli.streams import open_streams
from sojourn.errors import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_SUSPENDED,
    EXIT_USAGE,
    JobFailed,
    SojournError,
    WorkflowFailed,
)
from sojourn.printable import plain

if TYPE_CHECKING:
    from sojourn.suspension import Suspension

DEBUG = "SOJOURN_DEBUG"
"""Set to anything, it has tracebacks printed."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

COMPLETE = "_SOJOURN_COMPLETE"
"""Set by the shell's completion."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line to its end; never raises."""
    open_streams()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = _invoke(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001  the end of the line
        return end(error)
    return status


def _invoke(arguments: Sequence[str]) -> int:
    from sojourn.cli.app import app

    if COMPLETE in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(app, {}, "sojourn", COMPLETE, os.environ[COMPLETE])
    with app.make_context("sojourn", list(arguments)) as context:
        status = app.invoke(context)
    return status if isinstance(status, int) else EXIT_DONE


def end(error: BaseException) -> int:
    """Say what went wrong, and return the status to end with."""
    if os.environ.get(DEBUG) and not isinstance(error, click.exceptions.Exit | SystemExit):
        import traceback

        traceback.print_exception(error)
    try:
        return _say(error)
    except BrokenPipeError:
        return _quietly()


def _say(error: BaseException) -> int:
    from sojourn.suspension import WorkflowSuspended, suspensions_in

    waiting = tuple(suspensions_in(error))
    if waiting:
        return suspended(waiting[0] if len(waiting) == 1 else WorkflowSuspended(waiting))
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case SystemExit():
            return error.code if isinstance(error.code, int) else EXIT_DONE
        case click.ClickException():
            return _bad_usage(error)
        case KeyboardInterrupt() | click.Abort():
            note("interrupted")
            return EXIT_INTERRUPTED
        case BrokenPipeError():
            return _quietly()
        case SojournError():
            return failed(error)
        case OSError() if error.errno in _NO_ROOM and error.filename is None:
            note(f"the output cannot be written: {error.strerror}")
            return _quietly()
    note(f"unexpected {type(error).__name__}: {_first_line(error)}")
    hint(f"this is a mistake in Sojourn or a plugin; {DEBUG}=1 shows where it arose")
    return EXIT_FAILED


def failed(error: SojournError) -> int:
    """Tell of one of Sojourn's own errors."""
    note(error.message)
    return _details(error)


def _details(error: SojournError) -> int:
    """What is to be said of an error beside its message."""
    if isinstance(error, JobFailed):
        tell_tail(error)
    for text in getattr(error, "__notes__", ()):
        if text != error.hint_note:  # which is said below
            click.echo(plain(text), err=True)
    inner = error.failures if isinstance(error, WorkflowFailed) else ()
    told = {getattr(failure, "hint", "") for failure in inner}
    for failure in inner:
        if isinstance(failure, SojournError) and failure.message in error.message:
            _details(failure)  # it has been said
        elif isinstance(failure, SojournError):
            failed(failure)
        else:
            note(str(failure))
    if error.hint and error.hint not in told:
        hint(error.hint)
    return error.exit_status


def failed_each(errors: Sequence[SojournError], limit: int = 5) -> int:
    """Tell of errors of several jobs, at most `limit` of them, a hint only once; the last status."""
    hints: set[str] = set()
    for error in errors[:limit]:
        note(error.message)
        if error.hint and error.hint not in hints:
            hint(error.hint)
        hints.add(error.hint)
    if len(errors) > limit:
        note(f"and {len(errors) - limit} more")
    return errors[-1].exit_status if errors else EXIT_DONE


def tell_tail(error: JobFailed) -> None:
    """The last lines that a failed job has printed."""
    lines = error.stderr_tail.splitlines()
    if lines:
        click.echo("  its last lines on standard error:", err=True)
    for text in lines:
        click.echo(f"  | {plain(text)}", err=True)


def suspended(suspension: "Suspension") -> int:
    """Say what waits and how to go on, in two lines."""
    note(suspension.what)
    note(suspension.how_to_go_on)
    return EXIT_SUSPENDED


def _bad_usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "sojourn"
    if isinstance(error, click.NoSuchOption):
        nearest = f"did you mean {error.possibilities[0]!r}? " if error.possibilities else ""
        note(f"{path} has no option {error.option_name!r}")
        hint(f"{nearest}`{path} --help` shows what it takes")
        return EXIT_USAGE
    message = error.format_message().rstrip(".")
    note(f"{message[:1].lower()}{message[1:]}")
    if isinstance(error, click.UsageError):
        hint(f"`{path} --help` shows what it takes")
        return EXIT_USAGE
    return error.exit_code


def _quietly() -> int:
    """Nothing more can be printed: neither now, nor when the interpreter ends."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
    return EXIT_FAILED


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or "nothing more is known"
