"""A job that was signalled has not ended well, in whatever order its processes were reached."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sojourn.site.context import MachineContext
from sojourn.values.messages import SiteEvidence
from sojourn.values.resources import Resources
from tests.support.site import BATCH, OnTheSpot, job_dir, order, run_one, run_orders

REPOSITORY = Path(__file__).resolve().parents[3]


PAUSES = {"deepest-first": 0.005}
"""Seconds between two signals. From the deepest up no sentinel is reached before the command's
child, and a command that ran for less than 2 s waits only 0.2 s for the rest."""


def _end(how: str, name: str, pause: float = 0.15) -> str:
    """Lines of a command that has its job ended by somebody else."""
    call = f"{sys.executable} -m tests.support.signalling $batch {how} {name} {pause}"
    return f"{BATCH}(cd {REPOSITORY} && exec setsid {call}) >/dev/null 2>&1 &\n"


@pytest.mark.parametrize("name", ["TERM", "KILL"])
@pytest.mark.parametrize("how", ["youngest-first", "oldest-first", "parents-first", *PAUSES])
@pytest.mark.parametrize("warning", ["", "USR1"])
def test_no_order_of_signals_makes_a_killed_job_a_success(
    where: MachineContext, shell: str, how: str, name: str, warning: str
) -> None:
    """The command's shell goes on after its killed child, and ends with status 0."""
    command = f"{_end(how, name, PAUSES.get(how, 0.15))}sleep 60; echo half-made >o"
    one = order(1, command, outputs=("o",))
    _, seen = run_orders(where, [one], OnTheSpot(shell, warning=warning))
    report = seen[one.signature, 1].exit
    if report is not None:
        assert (report.ok, report.phase) == (False, "asked")
    else:
        assert name == "KILL"


def test_a_signal_to_the_command_alone_is_no_signal_to_the_job(
    where: MachineContext, shell: str
) -> None:
    seen = run_one(where, order(1, "sleep 60 & kill $!; wait; echo 1 >o", outputs=("o",)), shell)
    assert seen.exit is not None
    assert seen.exit.ok


@pytest.mark.parametrize("name", ["USR1", "USR2"])
def test_a_warning_to_all_of_a_job_does_not_end_it(
    where: MachineContext, shell: str, name: str
) -> None:
    command = f"trap : {name}\n{_end('oldest-first', name, 0)}wait; echo 1 >o"
    seen = run_one(where, order(1, command, outputs=("o",)), shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.phase) == (True, "command")


def test_a_job_that_is_being_cancelled_does_not_end_well(where: MachineContext, shell: str) -> None:
    seen = run_one(where, order(1, 'echo >"$SOJOURN_JOB_DIR/cancelled"'), shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.phase) == (False, "asked")
    assert seen.cancelled


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("PBS_JOBID", "=>> PBS: job killed: walltime 7 exceeded limit 5"),
        ("SLURM_JOB_ID", "slurmstepd: error: *** JOB 17 ON n CANCELLED AT 2026 DUE TO TIME LIMIT"),
    ],
)
def test_what_the_scheduler_writes_into_the_jobs_output_counts(
    where: MachineContext, shell: str, monkeypatch: pytest.MonkeyPatch, variable: str, said: str
) -> None:
    monkeypatch.setenv(variable, "17")
    folder = "$(echo ../../../../../submissions/*)"  # where the script's own output is
    seen = run_one(where, order(1, f"echo '{said}' >>{folder}/out.0"), shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.phase) == (False, "asked")
    assert said in seen.exit.detail


def test_near_the_walltime_the_signal_to_come_is_waited_for(
    where: MachineContext, shell: str
) -> None:
    """Where the scheduler ends other parts of the job first, such as steps on other nodes."""
    late = f"{BATCH}(sleep 1; kill $batch) >/dev/null 2>&1 & exit 0"
    one = order(1, late, resources=Resources(walltime=2))
    seen = run_one(where, one, shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.phase) == (False, "asked")


def test_sentinels_leave_nothing_behind(where: MachineContext, shell: str) -> None:
    seen = run_one(where, order(1, "true"), shell)
    assert seen.exit is not None
    names = {one.name for one in job_dir(where, order(1)).iterdir()}
    assert names == {"claim", "id", "started", "work", "stdout", "stderr", "command.sh", "exit"}
    table = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(where.machine.root) not in table


def test_of_its_sentinels_a_command_sees_nothing(where: MachineContext, shell: str) -> None:
    """No open file, no child that it did not start, and no signal that it would ignore."""
    command = "ls -l /proc/self/fd >fds; grep SigIgn /proc/self/status >ignored; wait"
    run_one(where, order(1, command), shell)
    work = job_dir(where, order(1)) / "work"
    fds = {line.split()[8] for line in (work / "fds").read_text().splitlines() if " -> " in line}
    assert fds <= {"0", "1", "2", "3"}
    ignored = int((work / "ignored").read_text().split()[1], 16)
    assert not ignored & 1 << (signal.SIGINT - 1)
    assert not ignored & 1 << (signal.SIGUSR1 - 1)


def test_the_output_of_a_busy_machine_is_no_evidence(where: MachineContext) -> None:
    """What another job was told is not this one's."""
    said = "slurmstepd: error: *** JOB 170 ON n CANCELLED AT 2026 ***"
    seen = run_one(where, order(1, f"echo '{said}' >&2"))
    assert isinstance(seen, SiteEvidence)
    assert seen.exit is not None
    assert seen.exit.ok
