"""One monitor a store: who it is can be told, and a killed one is no obstacle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sojourn.errors import Occupied, StoreError
from sojourn.monitor.lock import FILE, MonitorLock, holder
from tests.support.processes import end
from tests.support.waiting import eventually

HOLD = """
import sys
from pathlib import Path
from sojourn.monitor.lock import MonitorLock
with MonitorLock(Path(sys.argv[1]), "a test"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(home)], text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            end(process.pid)


def test_a_second_is_told_who_holds_it(tmp_path: Path) -> None:
    before = time.time()
    with another(tmp_path) as process:
        with pytest.raises(Occupied, match=f"a test, pid {process.pid} on ") as caught:
            MonitorLock(tmp_path).take()
        assert caught.value.holder in str(caught.value)
        found = holder(tmp_path)
        assert found is not None
        assert found.pid == process.pid
        assert before - 1 <= found.since <= time.time()


def test_a_killed_one_leaves_the_way_free(tmp_path: Path) -> None:
    with another(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        lock = MonitorLock(tmp_path)
        eventually(lock.try_take)
        assert lock.held
        lock.free()


def test_nobody_holds_it_before_and_after(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    lock = MonitorLock(tmp_path)
    with lock:
        assert holder(tmp_path) is not None
        assert lock.try_take()
        with pytest.raises(Occupied):
            MonitorLock(tmp_path).take()
    assert holder(tmp_path) is None
    lock.free()
    with MonitorLock(tmp_path):
        pass


def test_a_child_that_goes_on_does_not_hold_it(tmp_path: Path) -> None:
    with MonitorLock(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with MonitorLock(tmp_path):
            assert child.poll() is None
    finally:
        assert child.stdin is not None
        child.stdin.close()
        child.wait()


def test_many_who_look_keep_nobody_from_taking_it(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    for _ in range(200):
        holder(tmp_path)
        with MonitorLock(tmp_path):
            pass


def test_a_damaged_file_names_nobody(tmp_path: Path) -> None:
    with MonitorLock(tmp_path):
        (tmp_path / FILE).write_text("no json")
        assert holder(tmp_path) is None
        with pytest.raises(Occupied, match=r"(?m)already$"):
            MonitorLock(tmp_path).take()


def test_a_home_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        MonitorLock(tmp_path / "no" / "home").take()
