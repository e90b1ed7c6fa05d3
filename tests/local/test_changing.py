"""Parents, hold, release and cancel."""

import os
import signal
import sys
import textwrap
from pathlib import Path

from sojourn.states import State
from sojourn.values.messages import Changed, JobRef, Phase
from sojourn_local import backend
from tests.local.conftest import Stands
from tests.local.stand import Stand
from tests.support.waiting import eventually

STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(3, 256)
        os.environ.clear()
        os.execve("/bin/sleep", ["sleep", sys.argv[2]], {})
    os._exit(0)
open(sys.argv[1], "w").close()
time.sleep(600)
"""
"""Ignores TERM, and so does its grandchild, which has left its session and closed its files."""


def stubborn(tmp_path: Path, marker: str) -> str:
    """A command that runs it; `marker` is how long its grandchild sleeps, a number of its own."""
    program = tmp_path / "stubborn.py"
    program.write_text(textwrap.dedent(STUBBORN))
    return f"{sys.executable} {program} {tmp_path}/ready {marker}"


def sleepers(marker: str) -> list[int]:
    """Processes `sleep MARKER`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if line == f"sleep\0{marker}\0".encode():
                found.append(int(folder.name))
    return found


# --- parents --------------------------------------------------------------------------------------


def test_a_waiting_child_takes_no_slot(stands: Stands, tmp_path: Path) -> None:
    """With one slot, a child handed in before an unrelated job lets that pass."""
    stand = stands(slots=1)
    parent = stand.order(f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done")
    child = stand.order("true", parent)
    one, two = stand.submit(parent, child)
    held = stand.run("true")
    stand.running(one)
    assert stand.word(two).phase is Phase.WAITING
    assert "to end" in stand.word(two).reason
    (tmp_path / "go").touch()
    for job in (one, two, held):
        assert stand.ended(job).outcome is State.COMPLETED
        assert stand.status(job) == 0


def test_a_chain_handed_in_backwards_does_not_lock_up(stands: Stands) -> None:
    """The parent stands behind its child in the queue, and there is one slot."""
    stand = stands(slots=1)
    first = stand.run("sleep 0.5")
    parent = stand.order("true")
    middle = stand.order("true", parent)
    # The parent is claimed and handed in first, held, and released when its child waits.
    one = stand.submit(parent)[0]
    assert backend.sojourn_hold(stand.context, [one])[0].outcome is Changed.DONE
    two = stand.submit(middle)[0]
    assert stand.ended(first).outcome is State.COMPLETED
    assert stand.word(two).phase is Phase.WAITING
    assert backend.sojourn_release(stand.context, [one])[0].outcome is Changed.DONE
    assert stand.ended(two).outcome is State.COMPLETED
    assert stand.status(two) == 0


def test_a_chain_and_a_fan_run_without_any_client(stands: Stands) -> None:
    """The runner whose job lets many start starts runners for the others."""
    stand = stands(slots=3)
    top = stand.order("sleep 0.3")
    fan = [stand.order("sleep 0.5", top) for _ in range(6)]
    last = stand.order("true", *fan)
    jobs = stand.submit(top, *fan, last)
    assert [slot.name for slot in stand.layout.slots.iterdir()] == ["0"], "one was ready"
    end = stand.layout.ended / jobs[-1].scheduler_id
    eventually(end.exists, saying=stand.log)
    assert stand.status(jobs[-1]) == 0
    assert {slot.name for slot in stand.layout.slots.iterdir()} == {"0", "1", "2"}


def test_the_child_of_a_failed_parent_ends_and_says_so(stand: Stand) -> None:
    parent = stand.order("exit 1")
    child = stand.order("touch ran", parent)
    _, two = stand.submit(parent, child)
    stand.ended(two)
    site = stand.poll(two)[0].site
    assert site is not None
    assert site.exit is not None
    assert site.exit.phase == "parent"
    assert not (stand.work(two) / "ran").exists()


def test_the_child_of_a_cancelled_parent_does_not_wait_for_ever(stand: Stand) -> None:
    parent = stand.order("sleep 600")
    child = stand.order("touch ran", parent)
    one, two = stand.submit(parent, child)
    stand.running(one)
    stand.cancel(one)
    assert stand.ended(one).outcome is State.CANCELLED
    stand.ended(two)
    assert not (stand.work(two) / "ran").exists()


# --- hold and release -----------------------------------------------------------------------------


def test_hold_and_release(stands: Stands) -> None:
    stand = stands(slots=1)
    first = stand.run("sleep 600")
    stand.running(first)
    second, third = stand.submit(stand.order("true"), stand.order("true"))
    answers = backend.sojourn_hold(stand.context, [first, second])
    assert [answer.outcome for answer in answers] == [Changed.REFUSED, Changed.DONE]
    assert stand.word(second).phase is Phase.HELD
    stand.cancel(first)
    assert stand.ended(third).outcome is State.COMPLETED
    assert stand.word(second).phase is Phase.HELD
    assert backend.sojourn_release(stand.context, [second])[0].outcome is Changed.DONE
    assert stand.ended(second).outcome is State.COMPLETED
    answers = [
        *backend.sojourn_hold(stand.context, [second]),
        *backend.sojourn_release(stand.context, [second, JobRef("0" * 64, 1)]),
    ]
    assert [answer.outcome for answer in answers] == [
        Changed.FINISHED,
        Changed.FINISHED,
        Changed.ABSENT,
    ]


# --- cancel ---------------------------------------------------------------------------------------


def test_cancel_ends_the_whole_tree(stand: Stand, tmp_path: Path) -> None:
    marker = f"600.{os.getpid()}1"
    job = stand.run(stubborn(tmp_path, marker))
    eventually((tmp_path / "ready").exists, saying=stand.log)
    eventually(lambda: sleepers(marker))
    assert stand.cancel(job)[0].outcome is Changed.DONE
    word = stand.ended(job)
    assert word.outcome is State.CANCELLED
    assert sleepers(marker) == []
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))


def test_what_a_job_leaves_behind_ends_with_it(stand: Stand, tmp_path: Path) -> None:
    marker = f"600.{os.getpid()}2"
    job = stand.run(
        f"{stubborn(tmp_path, marker)} & while [ ! -e {tmp_path}/ready ]; do sleep 0.05; done"
    )
    assert stand.ended(job).outcome is State.COMPLETED
    assert sleepers(marker) == []


def test_what_is_about_to_end_may_end_by_itself(stand: Stand) -> None:
    job = stand.run("(sleep 0.2; echo late >late) &")
    assert stand.ended(job).outcome is State.COMPLETED
    assert (stand.work(job) / "late").read_text() == "late\n"


def test_a_waiting_and_a_held_job_are_cancelled_at_once(stands: Stands) -> None:
    stand = stands(slots=1)
    first = stand.run("sleep 600")
    stand.running(first)
    waiting, held = stand.submit(stand.order("touch ran"), stand.order("touch ran"))
    backend.sojourn_hold(stand.context, [held])
    outcomes = [change.outcome for change in stand.cancel(waiting, held)]
    assert outcomes == [Changed.NEVER_RUNS] * 2
    for job in (waiting, held):
        assert stand.word(job).outcome is State.CANCELLED
    assert stand.cancel(waiting)[0].outcome in (Changed.FINISHED, Changed.NEVER_RUNS)
    stand.cancel(first)
    stand.ended(first)
    assert not any((stand.work(job)).exists() for job in (waiting, held))


def test_cancel_of_a_finished_job_changes_nothing(stand: Stand) -> None:
    job = stand.run("exit 4")
    before = stand.ended(job)
    assert stand.cancel(job)[0].outcome is Changed.FINISHED
    assert stand.word(job) == before


def test_a_stopped_job_is_cancelled(stand: Stand) -> None:
    job = stand.run("kill -STOP $$")
    start = stand.running(job)
    eventually(lambda: "\nState:\tT" in child_states(start.pid))
    stand.cancel(job)
    assert stand.ended(job).outcome is State.CANCELLED


def child_states(pid: int) -> str:
    """The status files of what is below a process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = (
        Path(f"/proc/{child}/status").read_text() + child_states(int(child)) for child in children
    )
    return "".join(own)


def test_another_client_cancels_a_job_whose_runner_has_died(stands: Stands, tmp_path: Path) -> None:
    stand = stands()
    marker = f"600.{os.getpid()}3"
    job = stand.run(stubborn(tmp_path, marker))
    eventually((tmp_path / "ready").exists, saying=stand.log)
    os.kill(stand.running(job).runner, signal.SIGKILL)
    other = stands()
    assert other.cancel(job)[0].outcome is Changed.DONE
    assert other.ended(job).outcome is State.CANCELLED
    # The grandchild has wiped its environment and its parents away: nothing leads to it.
    for pid in sleepers(marker):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))
