"""Whatever is killed: no job runs twice, none is lost, none runs for ever in the books."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sojourn.states import State
from sojourn.values.messages import JobRef, Phase
from sojourn_local import processes
from sojourn_local.locks import try_lock
from sojourn_local.records import read_job
from tests.local.conftest import Stands
from tests.local.stand import Stand, kill
from tests.support.waiting import eventually


def lines(file: Path) -> list[str]:
    """The lines of a file that may not be there."""
    return file.read_text().split() if file.exists() else []


# --- one killing, looked at closely ---------------------------------------------------------------


def test_a_job_outlives_its_runner(stands: Stands, tmp_path: Path) -> None:
    stand = stands(slots=1)
    job, after = stand.submit(
        stand.order(
            f"echo ran >>{tmp_path}/log; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
        ),
        stand.order("true"),
    )
    adoption = stand.adopted(job)
    assert processes.is_alive(adoption.pid, adoption.start)
    assert stand.word(job).phase is Phase.RUNNING
    # Its slot is still taken: the job itself holds the lock.
    assert stand.word(after).phase is Phase.WAITING
    assert try_lock(stand.layout.slots / "0") is None
    (tmp_path / "go").touch()
    assert stand.ended(job).outcome is None
    assert stand.status(job) == 0
    assert lines(tmp_path / "log") == ["ran"]
    # The runner that has adopted it goes on with the queue.
    eventually((stand.layout.ended / after.scheduler_id).exists, saying=stand.log)


def test_the_new_runner_may_die_as_well(stand: Stand) -> None:
    job = stand.run("sleep 600")
    first = stand.running(job)
    for _ in range(3):
        stand.adopted(job)
    last = stand.running(job)
    assert (last.pid, last.start, last.at) == (first.pid, first.start, first.at)
    stand.cancel(job)
    assert stand.ended(job).outcome is State.CANCELLED


def test_a_job_that_ends_while_nobody_watches_is_judged_by_its_exit_file(
    stand: Stand, tmp_path: Path
) -> None:
    job = stand.run(f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; exit 5")
    start = stand.running(job)
    kill([start.runner])
    (tmp_path / "go").touch()
    eventually(lambda: not processes.is_alive(start.pid, start.start))
    word = stand.ended(job)
    assert (word.outcome, word.exit_code) == (None, None)
    assert stand.status(job) == 5


def test_a_killed_job_sh_is_noticed_and_its_command_ended(stand: Stand) -> None:
    job = stand.run("touch begun; sleep 600")
    start = stand.running(job)
    eventually((stand.work(job) / "begun").exists, saying=stand.log)
    kill([start.pid])
    word = stand.ended(job)
    assert (word.outcome, word.signal) == (State.FAILED, signal.SIGKILL)
    assert stand.status(job) is None
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))


def test_job_sh_killed_under_a_runner_that_has_adopted_it(stand: Stand) -> None:
    """That runner is not its parent, and cannot see how it ended."""
    job = stand.run("touch begun; sleep 600")
    eventually((stand.work(job) / "begun").exists, saying=stand.log)
    kill([stand.adopted(job).pid])
    assert stand.ended(job).outcome is State.FAILED
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))


def test_runner_and_job_sh_killed_together(stand: Stand) -> None:
    """Nobody is left to tell, and the command's orphan is found by its mark."""
    job = stand.run("touch begun; sleep 600")
    start = stand.running(job)
    eventually((stand.work(job) / "begun").exists, saying=stand.log)
    orphans = processes.descendants(start.pid)
    assert orphans
    kill([start.runner, start.pid])
    word = stand.ended(job)
    assert word.outcome is State.FAILED
    assert "killed" in word.reason
    assert not any(processes.row(pid) for pid in orphans if is_ours(pid, job))
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))


def is_ours(pid: int, job: JobRef) -> bool:
    """Whether a process with that pid belongs to the job."""
    return pid in processes.with_variable("SOJOURN_SCHEDULER_ID", job.scheduler_id)


# --- another boot ---------------------------------------------------------------------------------


def forge_world(stand: Stand, job: JobRef, world: str, pid: int, start: str) -> None:
    """Let a job's file name a process of another world, as it does after a reboot."""
    file = stand.layout.running / job.scheduler_id
    entry, started = read_job(file.read_text())
    assert started is not None
    forged = started._replace(world=world, pid=pid, start=start)
    file.write_text(entry.encode() + forged.encode())


def test_after_a_reboot_a_pid_that_is_used_again_is_nobody(stands: Stands) -> None:
    """The pid and even the start time fit a living process of this boot."""
    stand = stands(slots=1)
    job, after = stand.submit(stand.order("touch begun; sleep 600"), stand.order("true"))
    eventually((stand.work(job) / "begun").exists, saying=stand.log)
    stand.kill_all()
    me = processes.row(os.getpid())
    assert me is not None
    forge_world(stand, job, "another-boot 1", me.pid, me.start)
    word = stand.ended(job)
    assert word.outcome is State.NODE_FAIL
    assert "started anew" in word.reason
    assert stand.ended(after).outcome is State.COMPLETED


def test_after_a_reboot_a_job_that_had_ended_keeps_its_status(stand: Stand) -> None:
    job = stand.run("exit 7")
    stand.ended(job)
    # As if the computer had gone down between the exit file and the queue's own note.
    (stand.layout.ended / job.scheduler_id).rename(stand.root / "kept")
    kept = json.loads((stand.root / "kept").read_text())
    entry = {
        "token": job.token,
        "task": job.index,
        "signature": job.signature,
        "attempt": 1,
        "folder": f"{int(kept['submitted_at'] * 1e9)}-{job.token[:12]}",
    }
    start = {"world": "another-boot 1", "pid": 1, "start": "1", "runner": 1, "runner_start": "1"}
    (stand.layout.running / job.scheduler_id).write_text(
        f"{json.dumps(entry)}\n{json.dumps({**start, 'slot': 0, 'at': 1.0})}\n"
    )
    word = stand.ended(job)
    assert word.outcome is None
    assert stand.status(job) == 7


def test_a_job_taken_but_not_started_at_a_reboot_runs_afterwards(stand: Stand) -> None:
    held = stand.run("true")
    stand.ended(held)
    # As if its runner had died right after the rename: no start is written, and none is made.
    order = stand.order("echo ran")
    blocker = stand.submit(stand.order("sleep 600"), stand.order("sleep 600"))
    job = stand.submit(order)[0]
    place = next(file for file in stand.layout.queue.rglob("*") if file.is_file())
    place.rename(stand.layout.running / job.scheduler_id)
    stand.cancel(*blocker)
    assert stand.ended(job).outcome is State.COMPLETED
    assert stand.status(job) == 0


def test_a_job_of_another_container_is_alive_while_its_slot_is_locked(stands: Stands) -> None:
    """Same boot, other pids: only the kernel's lock tells."""
    stand = stands(slots=1)
    job = stand.run("touch begun; sleep 600")
    eventually((stand.work(job) / "begun").exists, saying=stand.log)
    start = stand.running(job)
    kill([start.runner])
    eventually(lambda: not processes.is_alive(start.runner, start.runner_start))
    forge_world(stand, job, f"{processes.boot()} 987654321", 1, "1")
    for _ in range(3):
        assert stand.word(job).phase is Phase.RUNNING
    stand.kill_all()
    assert stand.ended(job).outcome is State.FAILED


# --- killing at every step ------------------------------------------------------------------------

DYING_RUNNER = """
import os, signal, sys
sys.path.append(sys.argv.pop(1))
left = int(sys.argv.pop(1))
from sojourn_local.runner import main
EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.chmod", "fcntl.flock", "fcntl.fcntl",
          "subprocess.Popen", "os.kill", "os.mkdir", "os.scandir", "os.listdir"}
FILES = ("runner.py", "child.py", "locks.py", "settle.py")
def step():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
def at_event(event, arguments):
    if event in EVENTS:
        step()
def at_line(frame, event, argument):
    if frame.f_code.co_filename.endswith(FILES):
        if event == "line":
            step()
        return at_line
if sys.argv.pop(1) == "events":
    sys.addaudithook(at_event)
else:
    sys.settrace(at_line)
main(sys.argv[1:])
"""
"""A runner that kills itself before its n-th step: an event at the operating system, or a line."""


@pytest.mark.parametrize(
    ("kind", "first", "stride"),
    [*(("events", part, 4) for part in range(1, 5)), ("lines", 5, 12)],
)
def test_a_runner_killed_before_any_of_its_steps_loses_nothing(
    stands: Stands, kind: str, first: int, stride: int
) -> None:
    """Three jobs, one of them a child: each runs once, whichever step was the runner's last."""
    home = str(Path(processes.__file__).resolve().parents[1])
    died = 0
    for step in itertools.count(first, stride):
        stand = stands(stands().root / f"step-{step}", slots=1)
        log = stand.root / "log"
        parent = stand.order(f"echo a >>{log}")
        orders = (parent, stand.order(f"echo b >>{log}", parent), stand.order(f"echo c >>{log}"))
        # The slot is taken while we hand in, so that the only runner is the one that dies.
        (stand.root / "slots").mkdir(parents=True)
        lock = try_lock(stand.layout.slots / "0")
        assert lock is not None
        jobs = stand.submit(*orders)
        command = [sys.executable, "-I", "-S", "-c", DYING_RUNNER, home, str(step), kind]
        command += [str(stand.root), "1", "0.5", "slot", "0", str(lock)]
        runner = subprocess.Popen(command, pass_fds=[lock])
        os.close(lock)
        status = runner.wait()
        for job in jobs:
            stand.ended(job)
            assert stand.status(job) == 0, f"step {step}: {stand.word(job)} {stand.log()}"
        assert sorted(lines(log)) == ["a", "b", "c"], f"step {step}"
        assert list(stand.layout.running.iterdir()) == [], f"step {step}"
        stand.close()
        if status == 0:
            break
        assert status == -signal.SIGKILL
        died += 1
    assert died > 10, "the runner has fewer steps than this test believes"


@pytest.mark.parametrize("seed", range(2))
def test_runners_killed_at_random_moments(stands: Stands, seed: int) -> None:
    """Forty jobs in four slots, while runners are shot: every job runs once and completes."""
    chance = random.Random(seed)
    stand = stands(slots=4)
    log = stand.root.parent / "log"
    jobs = stand.submit(
        *(stand.order(f"echo {n} >>{log}; sleep 0.{n % 4}") for n in range(40)),
    )
    shot = 0
    waiting = list(jobs)

    def all_ended() -> bool:
        nonlocal shot
        if chance.random() < 0.6 and shot < 40:
            runners = stand.runners()
            if runners:
                shot += 1
                kill([chance.choice(runners)])
        answers = stand.poll(*waiting)
        ended = {a.signature for a in answers if a.word.phase is Phase.ENDED}
        waiting[:] = [job for job in waiting if job.signature not in ended]
        return not waiting

    eventually(all_ended, timeout=100, interval=chance.uniform(0.01, 0.05), saying=stand.log)
    assert shot > 3
    for answer in stand.poll(*jobs):
        assert answer.site is not None
        assert answer.site.exit is not None, answer
        assert answer.site.exit.status == 0
    assert sorted(map(int, lines(log))) == list(range(40))
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))


@pytest.mark.parametrize("seed", range(2))
def test_anything_killed_at_random_moments(stands: Stands, seed: int) -> None:
    """Runners, job.sh and commands are shot: no job runs twice, and each one ends."""
    chance = random.Random(seed)
    stand = stands(slots=3)
    log = stand.root.parent / "log"
    jobs = stand.submit(
        *(stand.order(f"echo {n} >>{log}; sleep 0.{n % 4}; sleep 0.1") for n in range(30))
    )
    waiting = list(jobs)
    shot = 0

    def all_ended() -> bool:
        nonlocal shot
        there = list(stand.processes())
        if there and shot < 25:
            shot += 1
            kill([chance.choice(there)])
        answers = stand.poll(*waiting)
        ended = {a.signature for a in answers if a.word.phase is Phase.ENDED}
        waiting[:] = [job for job in waiting if job.signature not in ended]
        return not waiting

    eventually(all_ended, timeout=100, saying=stand.log)
    assert shot > 5
    runs = lines(log)
    assert len(runs) == len(set(runs)), "a job has run twice"
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))
    for slot in stand.layout.slots.iterdir():
        handle = try_lock(slot)
        assert handle is not None, f"slot {slot.name} is still taken"
        os.close(handle)
