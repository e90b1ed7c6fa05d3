"""`sojourn monitor`: poll, fetch, notify, and start workflows again."""

from typing import Any

import click

from sojourn.cli.options import Duration


class Interval(Duration):
    """A duration, or `default`."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        return 0.0 if value == "default" else super().convert(value, param, ctx)


@click.command
@click.option("--once", is_flag=True, help="Do everything once and end: for cron.")
@click.option("--resume", is_flag=True, help="Run workflows again when their jobs have ended.")
@click.option("--any", "some", is_flag=True, help="Resume when some of the jobs have ended.")
@click.option(
    "--accept-script-change",
    is_flag=True,
    help="Resume also workflows whose script has changed since they were run.",
)
@click.option(
    "--interval",
    type=Interval(),
    metavar="TIME",
    help="Time between two polls of a machine (30s, 5m), never under the machine's own. "
    "Remembered, also for a monitor that runs; `default` forgets it.",
)
@click.option("--no-fetch", is_flag=True, help="Leave results where they are.")
@click.option("--no-notify", is_flag=True, help="Tell nobody.")
@click.option("--print-systemd", is_flag=True, help="Print a systemd user unit, and do nothing.")
@click.option("--print-cron", is_flag=True, help="Print a line for crontab, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print what was done.")
def command(
    once: bool,
    resume: bool,
    some: bool,
    accept_script_change: bool,
    interval: float | None,
    no_fetch: bool,
    no_notify: bool,
    print_systemd: bool,
    print_cron: bool,
    as_json: bool,
) -> int:
    """Watch all jobs on all machines; tell when they end, and go on with workflows.

    Each machine gets one poll for all its jobs, less often the older they are; one that does
    not answer is asked less and less, and holds up no other. Results are fetched as jobs
    complete. What is told, and how, stands in notify.yaml beside machines.yaml. One monitor
    is enough for everything, and only one works at a time. It ends with Ctrl-C; jobs go on.

    \b
    Examples:
      sojourn monitor --resume
      sojourn monitor --interval 2m
      sojourn monitor --once --resume --json
      sojourn monitor --resume --print-systemd
    """
    from sojourn.cli.monitoring import Request, print_unit, work, work_once

    request = Request(resume, some, accept_script_change, interval, not no_fetch, not no_notify)
    request.check(once=once, as_json=as_json)
    if print_systemd or print_cron:
        return print_unit(request, cron=print_cron)
    return work_once(request, as_json=as_json) if once else work(request)
