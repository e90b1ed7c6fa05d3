"""A session in a process that was forked from its own, and in one that it is sent to."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from sojourn.session.session import Session
from tests.support.machines import Entry, write_machines

PROGRAM = """
import os, sys, threading
from sojourn import Session

def look(who, path):
    print(who, session.look_at("m", [path])[path] is not None, flush=True)

with Session() as session:
    look("parent", "/bin/sh")
    with session.link("m").context.trip():  # a channel that is open while the child is made
        child = os.fork()
        if child == 0:
            look("child", "/bin/cat")
            session.close()
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
    look("parent", "/bin/ls")
"""


class TestForked:
    kinds = ("local", "slurm-ssh", "slurm-openssh")

    def test_parent_and_child_go_on(self, machine_entry: Entry, tmp_path: Path) -> None:
        machines = write_machines(tmp_path / "machines.yaml", {"m": machine_entry})
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "SOJOURN_MACHINES": str(machines)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stdout.split("\n") == ["parent True", "child True", "parent True", ""], done
        assert done.stderr == ""


def test_a_session_is_not_sent_to_another_process(tmp_path: Path) -> None:
    with Session(home=tmp_path) as session, pytest.raises(TypeError, match="make one there"):
        pickle.dumps(session)
