"""Limits: walltime and memory, and the final states that tell of them."""

import os
import sys
from pathlib import Path

import pytest

from sojourn.states import State
from tests.local.conftest import Stands
from tests.local.stand import Stand
from tests.local.test_changing import sleepers, stubborn
from tests.support.waiting import eventually

MEBI = 1 << 20


def eater(mebibytes: int, then: str = "time.sleep(600)", *, at_once: bool = False) -> str:
    """A command that fills so much memory, by and by, and then does something."""
    piece = mebibytes if at_once else 10
    program = (
        f"import time\nheld = []\nfor _ in range({mebibytes // piece}):\n"
        f"    held.append(b'x' * ({piece} << 20))\n    time.sleep(0.01)\n{then}"
    )
    return f'{sys.executable} -S -c "{program}"'


def test_walltime(stand: Stand, tmp_path: Path) -> None:
    """It is a TIMEOUT although the command and its runaway grandchild ignore TERM."""
    marker = f"600.{os.getpid()}4"
    job = stand.run(stubborn(tmp_path, marker), walltime=1)
    word = stand.ended(job)
    assert word.outcome is State.TIMEOUT
    assert "walltime of 1 s" in word.reason
    assert sleepers(marker) == []
    assert word.usage is not None
    assert word.usage.elapsed is not None
    assert 1.0 <= word.usage.elapsed < 30


def test_a_job_within_its_walltime_is_left_alone(stand: Stand) -> None:
    job = stand.run("sleep 0.3", walltime=60)
    assert stand.ended(job).outcome is State.COMPLETED


def test_memory_of_a_whole_tree(stand: Stand) -> None:
    """Two processes of 60 MiB are too much for 100 MiB, though neither is alone."""
    job = stand.run(f"{eater(60)} & {eater(60)} & wait", memory="100MiB")
    word = stand.ended(job)
    assert word.outcome is State.OUT_OF_MEMORY
    assert word.usage is not None
    assert word.usage.max_memory is not None
    assert word.usage.max_memory > 100 * MEBI
    assert word.reason.endswith("more than its 100 MiB")
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))


def test_memory_below_the_limit_is_left_alone(stand: Stand) -> None:
    job = stand.run(eater(60, "pass"), memory="200MiB")
    word = stand.ended(job)
    assert word.outcome is State.COMPLETED
    assert word.usage is not None
    assert word.usage.max_memory is not None
    assert 60 * MEBI < word.usage.max_memory < 200 * MEBI


def test_memory_that_is_shared_counts_once(stand: Stand, tmp_path: Path) -> None:
    """Five children that only look at 60 MiB of their parent's do not need 300."""
    fork = "[os.fork() or (time.sleep(1), os._exit(0)) for _ in range(5)]; os.wait()"
    command = eater(60, f"import os; {fork}").replace(
        "import time", "import time, gc; gc.disable()"
    )
    job = stand.run(command, memory="150MiB")
    assert stand.ended(job).outcome is State.COMPLETED
    assert stand.status(job) == 0


def test_memory_per_cpu(stand: Stand) -> None:
    job = stand.run(eater(80), memory_per_cpu="50MiB", cpus_per_task=1)
    assert stand.ended(job).outcome is State.OUT_OF_MEMORY


@pytest.mark.root
def test_the_kernel_kills_for_want_of_memory(stands: Stands) -> None:
    """Without a limit of ours: a control group is too small, and the kernel kills."""
    with_group = memory_group(f"sojourn-test-{os.getpid()}", 100 * MEBI)
    if with_group is None:
        pytest.skip("no writable memory control group")
    stand = stands()
    first = stand.run("sleep 600")
    runner = stand.running(first).runner
    (with_group / "cgroup.procs").write_text(str(runner))
    try:
        # Both jobs go to the runner that is in the group, whose job ends now.
        blocker = stands(slots=1)
        second = blocker.run(eater(200))
        third = blocker.run("kill -KILL $$")
        stand.cancel(first)
        word = blocker.ended(second)
        assert word.outcome is State.OUT_OF_MEMORY
        assert "kernel" in word.reason
        assert stand.status(second) == 137
        # One that is killed while no memory is short is not taken for that.
        assert blocker.ended(third).outcome is State.FAILED
    finally:
        stand.kill_all()
        eventually(lambda: remove_group(with_group))


def memory_group(name: str, limit: int) -> Path | None:
    """A control group of the first or the second kind with that much memory; None without."""
    own = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    for _, controllers, path in own:
        if "memory" in controllers.split(","):
            group = Path("/sys/fs/cgroup/memory") / path.strip("/") / name
            file = "memory.limit_in_bytes"
        elif not controllers:
            group, file = Path("/sys/fs/cgroup") / path.strip("/") / name, "memory.max"
        else:
            continue
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / file).write_text(str(limit))
        except OSError:
            group.rmdir()
            continue
        return group
    return None


def remove_group(group: Path) -> bool:
    """Remove a control group; False while something runs in it."""
    try:
        group.rmdir()
    except OSError:
        return False
    return True


def test_a_limit_outlives_the_runner(stand: Stand) -> None:
    """The runner dies; the one that adopts its job enforces the walltime from its start."""
    job = stand.run("sleep 600", walltime=3)
    stand.adopted(job)
    # Nobody polls from here on: the new runner is on its own.
    eventually((stand.layout.ended / job.scheduler_id).exists, saying=stand.log)
    assert stand.word(job).outcome is State.TIMEOUT
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))
