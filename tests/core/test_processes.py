"""Processes by name: told from any later one with the same pid."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sojourn import processes
from sojourn.processes import Process, is_dead, me, process
from tests.support.waiting import eventually


def test_this_process_lives() -> None:
    assert me().alive() is True
    assert not is_dead(str(me()))


def test_a_name_can_be_read_again() -> None:
    assert Process.parse(str(me())) == me()


@pytest.mark.parametrize(
    "name", ["", "pid 1", "somebody", "pid x on y (started z, boot b, pids s)"]
)
def test_other_words_name_no_process_and_are_not_taken_for_dead(name: str) -> None:
    assert Process.parse(name) is None
    assert not is_dead(name)


def test_a_process_that_has_ended_is_dead_also_as_a_zombie() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        name = process(child.pid)
        assert name.alive() is True
        child.kill()
        eventually(lambda: name.alive() is False)
    assert name.alive() is False
    assert is_dead(str(name))


def test_another_process_with_the_same_pid_is_another() -> None:
    assert is_dead(str(replace(me(), start="1")))


def test_a_reboot_ends_everything() -> None:
    assert is_dead(str(replace(me(), boot="before")))


def test_another_computer_s_process_is_not_known_to_be_dead() -> None:
    elsewhere = replace(me(), host="elsewhere", boot="other", pid=2**22 + 1)
    assert elsewhere.alive() is None
    assert not is_dead(str(elsewhere))


def test_another_container_s_process_is_not_known_to_be_dead() -> None:
    assert replace(me(), space="1").alive() is None


def test_without_proc_ps_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "_PROC", tmp_path / "no proc")
    started = processes.start_of(me().pid)
    assert started is not None
    assert started == processes.start_of(me().pid)
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert processes.start_of(child.pid) is None
