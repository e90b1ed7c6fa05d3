"""Warnings ahead of a job's end, run for real by every POSIX shell at hand: passed on to the command."""

import subprocess

import pytest

from sojourn.site.context import MachineContext
from sojourn.values.messages import SiteEvidence
from sojourn.values.resources import Resources
from tests.support.site import BATCH, OnTheSpot, job_dir, order, run_orders

_WAIT = "n=0; while [ $n -lt 1000 ]; do sleep 0.01; n=$((n+1)); done; exit 99"


def _warned(
    where: MachineContext, shell: str, warning: str, command: str, **words: object
) -> SiteEvidence:
    one = order(1, BATCH + command, **words)
    _, seen = run_orders(where, [one], OnTheSpot(shell, warning=warning))
    return seen[one.signature, 1]


@pytest.mark.parametrize("warning", ["USR1", "USR2", "INT", "QUIT", "ALRM"])
def test_a_warning_is_passed_on_to_the_command(
    where: MachineContext, shell: str, warning: str
) -> None:
    undone = subprocess.run(["env", "--default-signal=INT", "true"], capture_output=True)
    if warning in ("INT", "QUIT") and undone.returncode and "bash" not in shell:
        pytest.skip("what is in the background ignores it here")
    command = f"trap 'echo warned; exit 0' {warning}; kill -{warning} $batch; {_WAIT}"
    seen = _warned(where, shell, warning, command)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status, seen.exit.phase) == (True, 0, "command")
    assert (job_dir(where, order(1)) / "stdout").read_text() == "warned\n"
    folder = job_dir(where, order(1))
    assert not [one for one in folder.iterdir() if one.name.startswith(("files.", "run."))]


def test_a_warning_ends_a_command_that_does_not_heed_it(where: MachineContext, shell: str) -> None:
    seen = _warned(where, shell, "USR1", f"kill -USR1 $batch; {_WAIT}")
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status, seen.exit.phase) == (False, 138, "command")


@pytest.mark.parametrize("status", [0, 7, 127, 138, 143])
def test_warnings_change_no_exit_status(where: MachineContext, shell: str, status: int) -> None:
    """Also of a command that ends while they come."""
    send = "n=0; while kill -USR1 $batch && [ $n -lt 300 ]; do n=$((n+1)); done 2>/dev/null"
    command = f"trap : USR1; ({send}) & kill -USR2 $batch; cat; sleep 0.01; exit {status}"
    seen = _warned(where, shell, "USR1", command)
    assert seen.exit is not None
    assert (seen.exit.status, seen.exit.phase) == (status, "command")


def test_what_was_warned_by_sigterm_may_end_by_itself_and_is_not_done(
    where: MachineContext, shell: str
) -> None:
    command = f"trap 'touch saved; exit 0' TERM; kill -TERM $batch; {_WAIT}"
    seen = _warned(where, shell, "TERM", command, outputs=("saved",))
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status, seen.exit.phase) == (False, 0, "asked")
    assert [file.name for file in seen.exit.files] == ["saved"]


def test_so_may_what_can_be_started_again_and_it_tells_nothing(
    where: MachineContext, shell: str
) -> None:
    command = f"trap 'touch saved; exit 0' TERM; kill -TERM $batch; {_WAIT}"
    seen = _warned(where, shell, "TERM", command, resources=Resources(requeue=True))
    assert (seen.started, seen.exit) == (True, None)
    assert (job_dir(where, order(1)) / "work" / "saved").exists()


def test_a_job_that_might_be_warned_is_asked_to_end_as_any_other(
    where: MachineContext, shell: str
) -> None:
    """SIGTERM comes to all of its processes."""
    command = "kill -TERM $batch $PPID; kill -TERM $$; exec sleep 60"
    seen = _warned(where, shell, "USR1", command)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status, seen.exit.phase) == (False, 143, "asked")


def test_whoever_waits_for_a_warned_command_may_be_killed(
    where: MachineContext, shell: str
) -> None:
    seen = _warned(where, shell, "USR1", "kill -KILL $PPID")
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status) == (False, 137)
