"""Programs that are killed with kill -9 at any moment and started again: one result, one run."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.local.conftest import Stands
from tests.support.waiting import eventually

PROGRAM = """
    import os, signal, sys
    from sojourn import Job, Session
    from sojourn.suspension import JobSuspended, WorkflowSuspended
    log, left = sys.argv[1], int(sys.argv[2])
    def step(event, arguments):
        global left
        if event.startswith(("open", "os.", "fcntl.", "subprocess.", "sqlite3.", "shutil.")):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    session = Session()
    sys.addaudithook(step)
    first = Job(command=f"echo first >>{log}; echo 1 >one", outputs=["one"])
    jobs = [
        Job(
            command=f"echo {n} >>{log}; sleep 0.{n}; cat one >two; echo {n} >>two",
            inputs={"one": first.output("one"), "data": b"x" * 5000 + bytes([n])},
            outputs=["two"],
        )
        for n in range(4)
    ]
    try:
        results = session.gather([first, *jobs])
        left = 0
    except WorkflowSuspended as waiting:
        sys.exit(75)
    print(*(result["two"].read_text().split()[1] for result in results[1:]), flush=True)
    os._exit(0)
"""
"""One job, and four that need what it makes; dies before its n-th step at the system."""


@pytest.fixture
def command(tmp_path: Path) -> Sequence[str]:
    """What starts the program."""
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(PROGRAM))
    return [sys.executable, str(file), str(tmp_path / "log")]


@pytest.mark.parametrize("seed", range(4))
def test_a_client_killed_at_any_moment_ends_in_the_same_result(
    stands: Stands, tmp_path: Path, command: Sequence[str], own_home: Path, seed: int
) -> None:
    """Handing in, polling and fetching are all cut at some moment; each job runs once."""
    chance = random.Random(seed)
    stand = stands(tmp_path / "root")
    machine = {"backend": "local", "slots": 2, "root": str(stand.root), "grace": "0.5s"}
    config = tmp_path / "machines.yaml"
    config.write_text(json.dumps({"machines": {"here": machine}, "default": "here"}))
    environ = {**os.environ, "SOJOURN_MACHINES": str(config)}
    kills = 0

    def finished() -> str:
        nonlocal kills
        step = chance.randrange(1, 400) if kills < 7 else 0
        client = subprocess.run([*command, str(step)], capture_output=True, text=True, env=environ)
        kills += client.returncode == -signal.SIGKILL
        assert client.returncode in (0, 75, -signal.SIGKILL), client.stderr
        return client.stdout if client.returncode == 0 else ""

    out = eventually(finished, timeout=110, saying=stand.log)
    assert out.split() == ["0", "1", "2", "3"]
    assert sorted((tmp_path / "log").read_text().split()) == ["0", "1", "2", "3", "first"]
    assert kills >= 3
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))
