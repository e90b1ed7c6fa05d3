"""The listener newplugin: told of every change of a job's state, it writes a line of JSON.

A listener that raises is reported once and stops nothing. Be quick: whoever submits or polls
waits for you. FILL marks what is yours to change.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

from sojourn.contract import hookimpl
from sojourn.values.events import JobEvent, Resumption, SuspensionNotice

sojourn_contract = 1


def place() -> Path:
    """The file that is written to; NEWPLUGIN_FILE in the environment says where."""  # FILL
    return Path(os.environ.get("NEWPLUGIN_FILE", "newplugin.jsonl"))


@hookimpl
def sojourn_job_event(event: JobEvent) -> None:
    with place().open("a") as file:
        file.write(json.dumps(asdict(event)) + "\n")


@hookimpl
def sojourn_suspended(notice: SuspensionNotice) -> None:
    with place().open("a") as file:
        file.write(json.dumps({"suspended": asdict(notice)}) + "\n")


@hookimpl
def sojourn_resumed(resumption: Resumption) -> None:
    with place().open("a") as file:
        file.write(json.dumps({"resumed": asdict(resumption)}) + "\n")
