"""What `sojourn monitor` does: signals, lines, the unit files."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from sojourn.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, UsageError
from sojourn.printable import plain

if TYPE_CHECKING:
    from sojourn.monitor.monitor import Monitor
    from sojourn.monitor.options import MonitorOptions
    from sojourn.session.session import Session


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. `interval` is 0 for forgetting the one that was set."""

    resume: bool = False
    some: bool = False
    accept_script_change: bool = False
    interval: float | None = None
    fetch: bool = True
    notify: bool = True

    def check(self, *, once: bool, as_json: bool) -> None:
        """Refuse what makes no sense.

        Raises:
            UsageError: options that need another one.
        """
        if (self.some or self.accept_script_change) and not self.resume:
            raise UsageError(
                "--any and --accept-script-change say how to resume", hint="add --resume"
            )
        if as_json and not once:
            raise UsageError("--json tells what was done once", hint="add --once")

    def options(self) -> "MonitorOptions":
        """The same for the monitor."""
        from sojourn.monitor.options import MonitorOptions
        from sojourn.monitor.resumer import ResumeOptions

        resume = ResumeOptions(self.some, self.accept_script_change) if self.resume else None
        return MonitorOptions(None, self.fetch, self.notify, resume)

    def words(self) -> list[str]:
        """The same as words of a command line."""
        given = {
            "--resume": self.resume,
            "--any": self.some,
            "--accept-script-change": self.accept_script_change,
            "--no-fetch": not self.fetch,
            "--no-notify": not self.notify,
        }
        return [word for word, wanted in given.items() if wanted]


def work(request: Request) -> int:
    """Work until a signal comes; returns the exit status."""
    with _session() as session:
        from sojourn.monitor.monitor import Monitor

        _remember(session, request.interval)
        monitor = Monitor(session, request.options(), report=_report)
        with _until_signalled(monitor) as signalled:
            monitor.run(ready=lambda: _report(f"watching; this is pid {os.getpid()}"))
        _report("the monitor has ended; jobs go on")
    return EXIT_INTERRUPTED if signal.SIGINT in signalled else EXIT_DONE


def work_once(request: Request, *, as_json: bool) -> int:
    """Do everything once; returns the exit status."""
    with _session() as session:
        from sojourn.monitor.monitor import Monitor

        _remember(session, request.interval)
        monitor = Monitor(session, request.options(), report=_report)
        with _until_signalled(monitor) as signalled:
            summary = monitor.once()
    if as_json:
        import json

        click.echo(json.dumps(summary.to_json(), indent=1))
    if signalled:
        return EXIT_INTERRUPTED if signal.SIGINT in signalled else EXIT_FAILED
    return EXIT_DONE


def print_unit(request: Request, *, cron: bool) -> int:
    """Print a systemd unit, or a line for cron."""
    from sojourn.home import home
    from sojourn.monitor.units import cron_line, systemd_unit

    program = [sys.executable, "-P", "-m", "sojourn.cli", "monitor"]
    environ = {**os.environ, "SOJOURN_HOME": str(home())}
    if cron:
        log = str(home() / "logs" / "monitor.log")
        (home() / "logs").mkdir(mode=0o700, exist_ok=True)
        click.echo(cron_line([*program, "--once", *request.words()], environ, log), nl=False)
    else:
        click.echo(systemd_unit([*program, *request.words()], environ), nl=False)
    return EXIT_DONE


@contextmanager
def _session() -> "Iterator[Session]":
    """A session that never asks anybody anything."""
    from sojourn.plugins.registry import Registry
    from sojourn.session.session import Session

    with Session(registry=Registry(report=_report), interactive=False, report=_report) as session:
        yield session


def _report(line: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} {plain(line)}", err=True)


def _remember(session: "Session", interval: float | None) -> None:
    from sojourn.monitor.memory import remember_interval

    if interval is not None:
        remember_interval(session.store, interval or None)


@contextmanager
def _until_signalled(monitor: "Monitor") -> Iterator[list[signal.Signals]]:
    """Let signals end the monitor; a second one ends the process as usual."""
    came: list[signal.Signals] = []

    def stop(number: int, _: object) -> None:
        came.append(signal.Signals(number))
        monitor.stop()
        signal.signal(number, before[signal.Signals(number)])

    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for one, handler in before.items():
        if handler is not signal.SIG_IGN:  # nohup
            signal.signal(one, stop)
    try:
        yield came
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
