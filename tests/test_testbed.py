"""The testbed itself: jobs run in it, and nothing of it stays behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import users
from tests.support.processes import start_time, with_environment
from tests.support.slurm import MARK, RealSlurm
from tests.support.testbed import REPOSITORY, Testbed
from tests.support.waiting import eventually

pytestmark = pytest.mark.slurm


def over_ssh(testbed: Testbed, command: str, user: str = users.USERS[0]) -> str:
    """What `command` prints when an ordinary user runs it on the login node."""
    node = testbed.login_node
    words = ["ssh", "-F", "none", "-p", str(node.port), "-i", str(node.identity_file)]
    words += ["-o", f"UserKnownHostsFile={node.known_hosts_file}", "-o", "BatchMode=yes"]
    done = subprocess.run([*words, f"{user}@{node.host}", command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.sshd
@pytest.mark.parametrize("user", users.USERS)
def test_a_job_of_an_ordinary_user_over_ssh_runs_as_that_user(testbed: Testbed, user: str) -> None:
    name = os.urandom(4).hex()
    submit = f"sbatch --parsable --account=acct --output={name} --wrap 'id -un; exit 3'"
    job = over_ssh(testbed, submit, user)
    ended = f"sacct -nXPj {job} -o State,ExitCode"
    eventually(lambda: over_ssh(testbed, ended, user) == "FAILED|3:0")
    assert over_ssh(testbed, f"cat {name}", user) == user


@pytest.mark.sshd
@pytest.mark.torque
def test_the_torque_commands_submit_to_the_same_slurm(testbed: Testbed) -> None:
    job = over_ssh(testbed, "echo '#!/bin/sh' >t.sh; echo true >>t.sh; qsub -o /dev/null t.sh")
    eventually(lambda: f"{job} " in over_ssh(testbed, "qstat"))
    assert over_ssh(testbed, f"squeue -hj {job} -t all -o %i") == job


def test_without_accounting_sacct_refuses(plain_slurm: RealSlurm) -> None:
    done = plain_slurm.call("sacct", check=False)
    assert done.returncode == 1
    assert "accounting storage is disabled" in done.stderr


@pytest.mark.xdist_group("small-queue")
def test_the_small_queue_is_full_after_four_jobs(slurm: RealSlurm) -> None:
    held = ("sbatch", "--parsable", "--hold", "--partition=small", "--wrap", "true")
    jobs = [slurm.call(*held, "--output=/dev/null").stdout.strip() for _ in range(4)]
    refused = slurm.call(*held, check=False)
    slurm.call("scancel", *jobs)
    assert "QOSMaxSubmitJobPerUserLimit" in refused.stderr


def test_daemons_can_be_stopped_and_started_one_by_one_by_another_object(
    readable_path: Path,
) -> None:
    with RealSlurm.create(readable_path / "slurm", accounting=False) as slurm:
        other = RealSlurm.attach(slurm.directory)
        job = slurm.call("sbatch", "--parsable", "-o/dev/null", "--hold", "--wrap", "true").stdout
        other.controller.stop()
        assert slurm.controller.pid is None
        slurm.controller.start()
        assert slurm.call("squeue", "-h", "-o%i").stdout == job
        other.node.kill(signal.SIGKILL)
        assert slurm.node.pid is None
        slurm.node.restart()


def test_no_process_and_no_job_outlives_its_slurm(readable_path: Path) -> None:
    with RealSlurm.create(readable_path / "slurm", accounting=False) as slurm:
        # Neither Slurm's marks in the environment nor TERM reach this one.
        stubborn = "trap '' TERM; exec env -i sleep 1000"
        slurm.call("sbatch", "-o/dev/null", "--wrap", stubborn)
        eventually(lambda: slurm.call("squeue", "-ht", "R", "-o%i").stdout)
        daemons = [daemon.pid for daemon in slurm.daemons]
        steps = set(with_environment(f"{MARK}={slurm.directory}")) - set(daemons)
        assert steps
    gone = [pid for pid in daemons if pid is not None]
    assert not [pid for pid in (*gone, *steps) if start_time(pid) is not None]


def test_a_testbed_ends_with_the_process_it_was_made_for(readable_path: Path) -> None:
    directory = readable_path / "testbed"
    with subprocess.Popen(["sleep", "1000"]) as owner:
        command = [sys.executable, "-m", "tests.support.testbed", "up", str(directory)]
        command += ["--owner", str(owner.pid)]
        subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
        bed = Testbed.load(directory / "testbed.json")
        keeper = bed.keeper.pid
        pids = [d.pid for slurm in (bed.slurm, bed.plain_slurm) for d in slurm.daemons]
        pids += [bed.login_node.daemon.pid, keeper]
        owner.kill()
    eventually(lambda: not [pid for pid in pids if pid is None or start_time(pid) is not None])
    assert not directory.exists()


def test_what_belongs_to_the_host_is_left_alone(readable_path: Path) -> None:
    before = host_state()
    with RealSlurm.create(readable_path / "slurm", accounting=True) as slurm:
        slurm.call("sbatch", "--wait", "-o/dev/null", "--wrap", "true")
    assert host_state() == before


def host_state() -> dict[str, int]:
    """When the files of the host's own Slurm, munge, database and sshd last changed."""
    folders: tuple[str, ...] = (
        "/etc/slurm",
        "/etc/munge",
        "/etc/mysql",
        "/etc/ssh",
        "/run/munge",
        "/run/mysqld",
    )
    folders += ("/var/lib/slurm", "/var/lib/munge", "/var/lib/mysql", "/var/log/slurm")
    found = [path for folder in folders for path in (Path(folder), *Path(folder).rglob("*"))]
    return {str(path): path.lstat().st_mtime_ns for path in found if path.exists()}
