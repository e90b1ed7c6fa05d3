"""More results at once than a process may have files open."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sojourn.results.staging import staged_at_once

_FETCH = """
import resource, sys
from sojourn import Job, Session
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (80, hard))
with Session() as session:
    jobs = [Job(command=f"echo {n} > o", outputs=["o"]) for n in range(100)]
    handles = session.submit(jobs, on="local")
    ended = session.poll_until_final([session.record(handle.signature) for handle in handles])
    found = session.fetch_results(ended)
    assert sorted(int(result["o"].read_text()) for result in found.values()) == list(range(100))
"""


def test_they_are_fetched(tmp_path: Path) -> None:
    environment = {**os.environ, "SOJOURN_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", _FETCH], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", [0, 1, 5_000])
def test_groups_hold_everything_in_order(number: int) -> None:
    groups = list(staged_at_once(range(number)))
    assert [one for group in groups for one in group] == list(range(number))
    assert all(0 < len(group) <= 1000 for group in groups)
