"""The process that resumes a workflow: claims it, runs its script, and records how that went.

It keeps the records itself, so that they are right also when the monitor that has started it
was killed meanwhile. A resume counts as failed until it says otherwise: one that was killed
has said nothing.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_NEEDS_PERSON, EXIT_SUSPENDED
from sojourn.printable import flat
from sojourn.store.plans import WorkflowRecord
from sojourn.workflow.claiming import claim, give_up

if TYPE_CHECKING:
    from sojourn.store.store import Store

EXIT_OCCUPIED = 69
"""Another process runs the workflow, or has run it since: nothing was done."""

_SUSPENDED = (EXIT_SUSPENDED, EXIT_NEEDS_PERSON)

_TAIL = 4096


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a resume ended: `failures` in a row so far, and why in a line."""

    failures: int
    detail: str = ""
    status: str | None = None
    """The workflow's status, where the run has left one that is not right."""


def judge(
    before: WorkflowRecord, after: WorkflowRecord, exit_status: int, *, stuck: bool, said: str
) -> Outcome:
    """What a resume has come to. Pure.

    `stuck` tells that nothing that it waits for is out, so that it would be resumed at once;
    `said` is the last line of its output.
    """
    failures = before.resume_failures + 1
    ended_well = exit_status in (EXIT_DONE, *_SUSPENDED)
    if ended_well and after.last_run_at == before.last_run_at:
        return Outcome(failures, "its script does not run a workflow of this name any more")
    if exit_status == EXIT_DONE:
        return Outcome(0)
    if exit_status in _SUSPENDED:
        if stuck and set(after.suspended_on) <= set(before.suspended_on):
            return Outcome(failures, "it waits for jobs that have ended, and came no further")
        return Outcome(0)
    # A run that ended before its workflow could say so is to be tried again: it still waits.
    status = "suspended" if after.status == "running" else None
    if exit_status == EXIT_INTERRUPTED:
        return Outcome(before.resume_failures, "interrupted", status)
    own = after.detail if after.status == "failed" else ""
    return Outcome(failures, own or said or f"ended with exit status {exit_status}", status)


def main(words: Sequence[str]) -> int:
    """Resume the workflow `words[0]`, if it has not run since `words[1]`."""
    from sojourn.store.store import Store

    name, seen, log, *arguments = words
    with Store() as store:
        if not claim(store, name, keep=True):
            say(f"workflow {name} is being run by another process")
            return EXIT_OCCUPIED
        try:
            before = store.workflow(name)
            assert before is not None  # it was claimed just now
            if seen and before.last_run_at is not None and before.last_run_at > float(seen):
                say(f"workflow {name} was run by another process since")
                return EXIT_OCCUPIED
            return _resume(store, before, log, arguments)
        finally:
            give_up(store, name)


def say(line: str) -> None:
    """A line for people."""
    print(f"sojourn: {flat(line)}", file=sys.stderr, flush=True)


def _resume(store: "Store", before: WorkflowRecord, log: str, arguments: Sequence[str]) -> int:
    from sojourn.cli import main as command_line

    name = before.name
    store.update_workflow(
        name,
        resumes=before.resumes + 1,
        resume_failures=before.resume_failures + 1,
        resumed_at=time.time(),
        log=log,
    )
    say(f"resuming workflow {name}: sojourn {_shown(arguments)}")
    status = command_line(arguments)
    sys.stdout.flush()
    after = store.workflow(name)
    if after is None:
        return status  # deleted meanwhile
    stuck = bool(after.suspended_on) and not store.unfinished(after.suspended_on)
    outcome = judge(before, after, status, stuck=stuck, said=last_line(Path(log)))
    fields: dict[str, object] = {"resume_failures": outcome.failures}
    if outcome.status is not None:
        fields["status"] = outcome.status
    if outcome.detail or not outcome.failures:
        fields["detail"] = outcome.detail
    store.update_workflow(name, **fields)
    return status


def _shown(words: Sequence[str]) -> str:
    return " ".join(
        word if word.isprintable() and " " not in word else repr(word) for word in words
    )


def last_line(log: Path) -> str:
    """The last line that was printed, as far as it tells anything."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    told = [line.strip() for line in lines if line.strip() and not line.startswith("  hint:")]
    return json.dumps(told[-1])[1:-1] if told else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
