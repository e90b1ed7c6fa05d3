"""`sojourn list`: the store as a table, without contact and without anything heavy."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from sojourn.cli import joblist, output
from sojourn.cli.opening import open_reader, open_store
from sojourn.cli.options import as_json, choosing
from sojourn.cli.selection import (
    Choice,
    check_workflow,
    conditions_of,
    several,
    tell_left_aside,
)
from sojourn.states import ACTIVE

if TYPE_CHECKING:
    from sojourn.store.reading import JobReader

_EVERY = 1.0
"""Seconds between two looks with `--watch`."""

_BESIDES = 3
"""Lines of a terminal that are no rows: the heads, the note on what is left out, the cursor."""


@click.command
@choosing
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N jobs."
)
@click.option("--watch", is_flag=True, help="Show it again whenever something has changed.")
@as_json
def command(choice: Choice, limit: int | None, watch: bool, as_json: bool) -> None:
    """List the jobs that are known here, the newest first; contacts no machine.

    What is shown is what was last heard: `sojourn status` asks the machines.

    \b
    Examples:
      sojourn list
      sojourn list --limit 20 --state FAILED,TIMEOUT
      sojourn list --workflow co2 --watch
      sojourn list --json | jq -r '.[] | select(.state=="RUNNING") | .name'
    """
    with open_reader() as store:
        if watch:
            _watch(store, choice, limit, as_json)
        else:
            _show(store, choice, limit, as_json)


def _show(
    store: "JobReader",
    choice: Choice,
    limit: int | None,
    as_json: bool,
    room: int | None = None,
) -> int:
    """Print it, at most `room` rows of a table; how many notes stand below."""
    if choice.signatures:
        with open_store() as whole:
            named = several(whole, choice)[:limit]
        joblist.show(
            store.pauses().shown(named)[:room], as_json=as_json, superseded=store.superseded()
        )
        machines, there = {job.machine for job in named if job.state in ACTIVE}, bool(named)
    else:
        machines, there = _show_all(store, choice, limit, as_json, room)
    if not there:
        with open_store() as whole:
            check_workflow(whole, choice.workflow)
        output.note("no such jobs" if not choice.empty else "no jobs are known here yet")
    notes = joblist.notes_on(store, machines)
    for line in notes:
        output.note(line)
    return len(notes)


def _show_all(
    store: "JobReader", choice: Choice, limit: int | None, as_json: bool, room: int | None
) -> tuple[set[str], bool]:
    """Print what is chosen; the machines of active jobs, and whether there was any job."""
    conditions = conditions_of(choice, choice.states)
    superseded = store.superseded()
    if as_json:
        jobs = store.listing(**conditions, limit=limit)
        joblist.show(store.pauses().shown(jobs), as_json=True, superseded=superseded)
        tell_left_aside(store, conditions)
        return {job.machine for job in jobs if job.state in ACTIVE}, bool(jobs)
    columns = store.columns(joblist.FIELDS, **conditions, limit=limit)
    by_name: dict[str, Sequence[Any]] = dict(zip(joblist.FIELDS, columns, strict=True))
    pauses = store.pauses()
    if pauses.any:
        by_name["paused"] = joblist.paused_column(by_name, pauses)
    if superseded:
        by_name["reason"] = joblist.marked_column(by_name, superseded)
    if there := len(by_name["state"]):
        shown = [column[:room] for column in by_name.values()]
        output.text(joblist.table_of(shown, width=output.width(), colors=output.colorful()))
        if room is not None and there > room:
            output.note(f"the newest {room} of {there:,} jobs; `sojourn top` shows all")
    tell_left_aside(store, conditions)
    pairs = zip(by_name["machine"], by_name["state"], strict=True)
    return {machine for machine, state in pairs if state in ACTIVE}, bool(there)


def _watch(store: "JobReader", choice: Choice, limit: int | None, as_json: bool) -> None:
    """Until Ctrl-C; ages go on at a terminal, elsewhere only changes are printed."""
    import shutil

    terminal = sys.stdout.isatty() and not as_json
    seen: tuple[int, int] | None = None
    notes, room = 0, None
    while True:
        now = store.version()
        if terminal:
            room = max(1, shutil.get_terminal_size().lines - _BESIDES - notes)
            click.echo("\x1b[H\x1b[2J", nl=False)
        if terminal or now != seen:
            seen = now
            notes = _show(store, choice, limit, as_json, room)
            sys.stdout.flush()
        time.sleep(_EVERY)
