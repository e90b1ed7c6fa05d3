"""Where the output and the errors of a job are: in its logs, or in the outputs that it names."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.results.result import Result


def redirected(record: JobRecord, name: str) -> str:
    """The output that the job's `stdout` or `stderr` names, "" if it names none."""
    return str(json.loads(record.job or "{}").get(name) or "")


def stream_of(record: JobRecord, name: str) -> str:
    """The file with the job's "stdout" or "stderr", below the attempt's directory."""
    output = redirected(record, name)
    return f"work/{output}" if output else name


def stream_in(result: "Result", record: JobRecord, name: str) -> Path | None:
    """That file in a fetched result; None if it has stayed on the machine."""
    output = redirected(record, name)
    if not output:
        return result.stdout if name == "stdout" else result.stderr
    return result.path / output if (result.path / output).is_file() else None
