"""A listener that writes a CSV of job times: one line for each change of a job's state."""

import csv
import fcntl
import os
from datetime import UTC, datetime
from io import StringIO

from sojourn.contract import hookimpl
from sojourn.values.events import JobEvent

sojourn_contract = 1

COLUMNS = ("at", "name", "signature", "machine", "attempt", "from", "to", "seconds", "reason")
VARIABLE = "SOJOURN_JOB_TIMES"


@hookimpl
def sojourn_job_event(event: JobEvent) -> None:
    """Add a line about the change; `seconds` is how long the job was in the state before."""
    file = os.environ.get(VARIABLE)
    if not file:
        return
    with open(file, "a+", newline="", encoding="utf-8") as table:
        fcntl.flock(table, fcntl.LOCK_EX)  # other programs may write, too; let go when closed
        table.seek(0)
        lines = list(csv.DictReader(table))
        if not lines and table.tell() == 0:
            table.write(_line(COLUMNS))
        table.write(_line(_row(event, lines)))


def _row(event: JobEvent, lines: list[dict[str, str]]) -> tuple[object, ...]:
    key = (event.signature, event.machine)
    before = [line["at"] for line in lines if (line["signature"], line["machine"]) == key]
    since = datetime.fromisoformat(before[-1]).timestamp() if before else None
    return (
        datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds"),
        event.name,
        event.signature,
        event.machine,
        event.attempt,
        event.old,
        event.new,
        "" if since is None else round(event.at - since, 3),
        event.reason,
    )


def _line(fields: tuple[object, ...]) -> str:
    text = StringIO()
    csv.writer(text).writerow(fields)
    return text.getvalue()
