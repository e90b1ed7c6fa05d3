"""What starts and stops the testbed's daemons: only what it has started, and that for certain."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import slurm_packages
from tests.support.daemons import Daemon
from tests.support.processes import start_time


def shell(directory: Path, text: str, patience: float = 5.0) -> Daemon:
    """A daemon that is a line of shell; it is ready when it has printed so."""
    daemon = Daemon("it", ["/bin/sh", "-c", text], directory, patience=patience)
    daemon.ready = lambda: "ready" in daemon.log.read_text()
    return daemon


def test_another_object_stops_what_one_has_started(tmp_path: Path) -> None:
    daemon = shell(tmp_path, "echo ready; exec sleep 1000")
    daemon.start()
    pid = daemon.pid
    assert pid is not None
    daemon.start()
    assert daemon.pid == pid, "one that runs is not started again"
    shell(tmp_path, "").stop()
    assert daemon.pid is None
    assert start_time(pid) is None


def test_one_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    daemon = shell(tmp_path, "trap '' TERM; echo ready; while :; do sleep 0.1; done", patience=0.3)
    daemon.start()
    pid = daemon.pid
    daemon.stop()
    assert pid is not None
    assert start_time(pid) is None


def test_one_that_hangs_can_be_stopped(tmp_path: Path) -> None:
    daemon = shell(tmp_path, "echo ready; exec sleep 1000")
    daemon.start()
    pid = daemon.pid
    daemon.kill(signal.SIGSTOP)
    daemon.stop()
    assert pid is not None
    assert start_time(pid) is None


def test_one_that_ends_at_once_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    daemon = shell(tmp_path, "echo no such luck; exit 3")
    with pytest.raises(RuntimeError, match="no such luck"):
        daemon.start()
    assert not daemon.record.exists()


def test_a_process_that_got_the_same_id_later_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        daemon = shell(tmp_path, "")
        daemon.record.write_text(json.dumps([stranger.pid, "1"]))
        daemon.stop()
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 104\n"])
def test_what_forbids_services_to_start_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(slurm_packages, "POLICY", policy)
    if before is not None:
        policy.write_text(before)
        policy.chmod(0o700)
    with slurm_packages.no_service_starts():
        assert subprocess.run([policy, "any", "start"]).returncode == 101
    assert (policy.read_text() if policy.exists() else None) == before
    assert before is None or policy.stat().st_mode & 0o777 == 0o700
