"""Whether a recorded workflow may be run again, and when. Looks at files, changes nothing."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sojourn.errors import NeedsConfirmation, NotPossible, SojournError
from sojourn.store.plans import WorkflowRecord

MOST_FAILURES = 4
"""After so many failed resumes in a row a workflow is not resumed by itself any more."""

FIRST_PAUSE = 60.0
"""Seconds after a failed resume; four times as many after each further one."""

_ANYWHERE = frozenset({"SOJOURN_HOME", "PATH", "LANG", "VIRTUAL_ENV", "CONDA_PREFIX"})
"""Variables that a run notes down, and that are not missed: the interpreter is known."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a workflow is run again."""

    interpreter: str
    arguments: tuple[str, ...]
    """What follows `sojourn`."""
    directory: str


def command_of(
    record: WorkflowRecord,
    *,
    accept_script_change: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Command:
    """How to run a workflow again.

    Raises:
        NotPossible: it was not run by `sojourn run`, or its script, directory, interpreter or a
            variable that it needs is not there.
        NeedsConfirmation: its script has changed since.
    """
    name = record.name
    if not record.script:
        raise NotPossible(
            f"workflow {name} was not run by `sojourn run`, so how to run it is not known",
            hint="run its program again, or run it once as `sojourn run SCRIPT.py`",
        )
    digest = _digest(record)
    if digest != record.script_digest and not accept_script_change:
        raise NeedsConfirmation(
            f"{record.script} has changed since workflow {name} was run",
            hint=f"`sojourn resume {name} --accept-script-change` runs it as it is now",
        )
    if not Path(record.directory).is_dir():
        raise NotPossible(
            f"workflow {name} was run in {record.directory}, which is not there any more",
            hint=f"make it again, or run {record.script} from another directory",
        )
    if not os.access(record.interpreter, os.X_OK):
        raise NotPossible(
            f"workflow {name} was run by {record.interpreter or 'an unknown Python'}, "
            "which is not there any more",
            hint=f"`sojourn run {record.script}` from the environment that it is to run in now",
        )
    known = os.environ if environ is None else environ
    missing = [
        variable
        for variable in json.loads(record.environment)
        if variable not in known and variable not in _ANYWHERE
    ]
    if missing:
        raise NotPossible(
            f"workflow {name} needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'}"
            " not set here",
            hint="set it where the monitor runs, or resume it from a shell that has it",
        )
    options, arguments = json.loads(record.options), json.loads(record.arguments)
    line = ("run", *options, "--", record.script, *arguments)
    return Command(record.interpreter, line, record.directory)


def _digest(record: WorkflowRecord) -> str:
    try:
        return hashlib.sha256(Path(record.script).read_bytes()).hexdigest()
    except OSError as fault:
        raise NotPossible(
            f"the script of workflow {record.name} cannot be read: {record.script}: "
            f"{fault.strerror or fault}",
            hint="put it back, or run it from where it is now",
        ) from fault


def pause_after(failures: int) -> float:
    """Seconds for which a workflow is left alone after so many failed resumes in a row."""
    return FIRST_PAUSE * 4.0 ** (failures - 1) if failures > 0 else 0.0


def given_up(record: WorkflowRecord) -> bool:
    """Whether a workflow has failed so often that it is not resumed by itself any more."""
    return record.resume_failures >= MOST_FAILURES


def may_try(record: WorkflowRecord, now: float) -> bool:
    """Whether enough time has passed since the last failed resume; `now` is the wall clock's."""
    if given_up(record):
        return False
    if not record.resume_failures or record.resumed_at is None or record.resumed_at > now:
        return True
    return now - record.resumed_at >= pause_after(record.resume_failures)


def reason(error: SojournError) -> str:
    """An obstacle in one line, with what to do."""
    return f"{error.message} ({error.hint})" if error.hint else error.message
