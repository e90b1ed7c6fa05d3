"""Processes named and found, by /proc and by `ps`, which is all that other systems have."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from sojourn_local import memory, processes
from tests.support.waiting import eventually

TREE = "import os, time; os.fork(); os.fork(); print(flush=True); time.sleep(600)"
"""Four processes, one below the other or beside it."""


@pytest.fixture(params=["proc", "ps"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How processes are found."""
    if request.param == "ps":
        monkeypatch.setattr(processes, "has_proc", lambda: False)
        monkeypatch.setattr(memory, "has_proc", lambda: False)
        monkeypatch.setattr(processes, "_tells_children", lambda: False)
    name: str = request.param
    return name


@pytest.fixture
def tree() -> Iterator[subprocess.Popen[bytes]]:
    """A small tree of processes."""
    with subprocess.Popen([sys.executable, "-S", "-c", TREE], stdout=subprocess.PIPE) as top:
        assert top.stdout is not None
        for _ in range(4):
            top.stdout.readline()
        pids = [top.pid, *processes.descendants(top.pid)]
        yield top
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_process_is_told_from_another_with_its_pid(way: str) -> None:
    me = processes.row(os.getpid())
    assert me is not None
    assert me.parent == os.getppid()
    assert processes.is_alive(me.pid, me.start)
    assert not processes.is_alive(me.pid, me.start + "1")
    assert processes.row(1 << 30) is None
    assert processes.table()[me.pid].start == me.start


def test_a_whole_tree_is_found(way: str, tree: subprocess.Popen[bytes]) -> None:
    found = processes.descendants(tree.pid)
    assert len(found) == len(set(found)) == 3
    assert tree.pid in processes.descendants(os.getpid())
    assert tree.pid not in processes.descendants(os.getpid(), without="time.sleep(600)")
    assert memory.resident([tree.pid, *found]) > 4 << 20


def test_a_zombie_is_dead(way: str) -> None:
    gone = subprocess.Popen(["true"])
    row = processes.row(gone.pid)
    assert row is not None
    try:
        eventually(lambda: not processes.is_alive(gone.pid, row.start))
        assert processes.row(gone.pid) is not None
        assert gone.pid not in processes.descendants(os.getpid())
        assert not processes.send_named(gone.pid, row.start, signal.SIGTERM)
    finally:
        gone.wait()


@pytest.mark.parametrize("handles", [True, False])
def test_a_signal_goes_to_the_one_who_is_meant(
    tree: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, handles: bool
) -> None:
    if not handles:
        monkeypatch.delattr(os, "pidfd_open")
    row = processes.row(tree.pid)
    assert row is not None
    assert not processes.send_named(tree.pid, "0", signal.SIGKILL)
    assert processes.is_alive(tree.pid, row.start)
    assert processes.send_named(tree.pid, row.start, signal.SIGKILL)
    assert tree.wait() == -signal.SIGKILL
    assert not processes.send_named(tree.pid, row.start, signal.SIGKILL)


def test_the_mark_of_a_job_is_found() -> None:
    mark = f"{os.getpid()}.{time.time_ns()}"
    with subprocess.Popen(["sleep", "600"], env={"MARK": mark}) as marked:
        try:
            assert list(processes.with_variable("MARK", mark)) == [marked.pid]
            assert list(processes.with_variable("MARK", mark[:-1])) == []
        finally:
            marked.kill()


def test_memory_of_shared_pages_is_divided() -> None:
    program = (
        "import os, time; held = b'x' * (80 << 20); "
        "[os.fork() or time.sleep(600) for _ in range(3)]; print(flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-S", "-c", program], stdout=subprocess.PIPE) as top:
        assert top.stdout is not None
        top.stdout.readline()
        pids = [top.pid, *eventually(lambda: enough(top.pid))]
        try:
            assert memory.resident(pids) > 300 << 20
            assert 80 << 20 < memory.proportional(pids) < 160 << 20
            assert memory.used(pids, 10**12) == memory.resident(pids)
            assert memory.used(pids, 1 << 20) < 160 << 20
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)


def enough(top: int) -> list[int]:
    """The three children, once they are there."""
    found = processes.descendants(top)
    return found if len(found) == 3 else []


def test_boots_and_worlds_have_names() -> None:
    assert processes.boot()
    assert processes.boot_of(processes.world()) == processes.boot()
    assert processes.world() == processes.world()
