"""`sojourn machines check`: everything that jobs need of a machine, tried."""

from collections.abc import Iterator
from typing import Any

import click

from sojourn.cli import completing, output
from sojourn.cli.opening import open_session
from sojourn.cli.options import Duration, as_json
from sojourn.errors import EXIT_DONE, EXIT_FAILED
from sojourn.printable import flat
from sojourn.values.messages import CheckLine

_WORDS = {True: ("ok", "green"), None: ("note", "yellow"), False: ("FAIL", "red")}


@click.command
@click.argument("name", metavar="MACHINE", shell_complete=completing.machines)
@click.option(
    "--timeout",
    type=Duration(),
    default="120s",
    show_default=True,
    metavar="TIME",
    help="How long to wait for the tiny job.",
)
@click.option("--no-job", is_flag=True, help="Leave out the tiny job.")
@click.option(
    "--full",
    is_flag=True,
    help="Then the whole conformance suite too, with many small jobs; takes some minutes.",
)
@as_json
def command(name: str, timeout: float, no_job: bool, full: bool, as_json: bool) -> int:
    """Connect to a machine and try what jobs need: its name, the connection, the host key, the
    root and its room, tools, clock, scheduler, queue and account, and one tiny job.

    Each line is ok, or says what to do. The exit status is 1 if something failed.

    \b
    Examples:
      sojourn machines check hpc
      sojourn machines check hpc --no-job --json
      sojourn machines check hpc --full
    """
    found: list[CheckLine] = []
    for line in _lines(name, timeout, no_job, full):
        found.append(line)
        if not as_json:
            _print(line)
    if as_json:
        output.rows(_as_object(name, line) for line in found)
    failures = sum(line.ok is False for line in found)
    if failures:
        output.note(f"{name}: {failures} of {len(found)} checks failed")
        return EXIT_FAILED
    output.note(f"{name}: everything that was tried works")
    return EXIT_DONE


def _lines(name: str, timeout: float, no_job: bool, full: bool) -> Iterator[CheckLine]:
    """Lines as they are found; the suite is not begun on a machine that fails without it."""
    from sojourn.checkup import checkup

    failed = False
    with open_session() as session:
        keys = session.machines.entry(name).keys
        for line in checkup(session, name, timeout=timeout, trial=not no_job):
            failed = failed or line.ok is False
            yield line
    if full and not failed:
        from sojourn.checkup.full import run_suite

        yield run_suite(keys, lambda text: click.echo(text, err=True))


def _print(line: CheckLine) -> None:
    word, color = _WORDS[line.ok]
    shown = click.style(f"{word:<4}", fg=color) if output.colorful() else f"{word:<4}"
    click.echo(f"{shown}  {flat(line.what):<18}  {flat(line.detail)}".rstrip())
    if line.advice:
        click.echo(f"{'':<26}{flat(line.advice)}")


def _as_object(machine: str, line: CheckLine) -> dict[str, Any]:
    return {
        "machine": machine,
        "what": line.what,
        "ok": line.ok,
        "detail": line.detail,
        "advice": line.advice,
    }
