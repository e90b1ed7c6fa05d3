"""What was changed in a script is what counts: `run`, `--dry-run`, `submit` with other resources."""

from pathlib import Path

import pytest

from tests.core.cli.desk import Desk
from tests.support.at_terminal import at_terminal

SCRIPT = """
from sojourn import Workflow, job

@job(outputs=["o"], walltime="3h")
def sim(n):
    return f"echo {n} >o; exit 3"

with Workflow("sweep"):
    for n in range(2):
        sim(n)
"""


@pytest.fixture
def failed(desk: Desk) -> Desk:
    """A workflow of two jobs that have failed."""
    desk.file("sweep.py", SCRIPT)
    desk("run", "sweep.py", status=75)
    desk("wait", "--workflow", "sweep", status=1)
    return desk


def test_a_failed_job_that_asks_for_other_resources_now(failed: Desk) -> None:
    failed.file("sweep.py", SCRIPT.replace("3h", "3m"))
    planned = failed("run", "sweep.py", "--dry-run").err
    assert "0 new jobs, 0 changed, 2 to run again, 0 reused" in planned
    alike = "2 jobs of sim: failed with walltime=3h; asks for 3m now; "
    assert f"{alike}each is run again" in planned
    told = failed("run", "sweep.py", "--no-retry-changed", status=1).err
    assert f"{alike}`sojourn retry` runs each again" in told
    told = failed("run", "sweep.py", status=75).err
    assert f"{alike}each is run again" in told
    assert "2 jobs on here" in told
    assert {one["attempt"] for one in failed("list", "--json").json} == {2}


def test_a_waiting_job_is_replaced_after_a_question_at_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"backend": "local", "slots": 1, "grace": 0.2, "root": str(tmp_path / "root")}
    desk = Desk(tmp_path / "desk", {"here": {**entry, "poll": {"interval": "0.1s"}}})
    for name, value in {**desk.environment, "TERM": "xterm", "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)
    desk.running("--name", "first", "--", "sleep 60")
    desk.submit("--resource", "walltime=3h", "--", "true")
    words = ["submit", "--resource", "walltime=3m", "--", "true"]
    told = desk(*words).err
    assert "waits with walltime=3h; asks for 3m now; --update replaces it in the queue" in told
    program = f"import sys; from sojourn.cli import main; sys.exit(main({words!r}))"
    for answer, attempt in (("n", 1), ("y", 2)):
        with at_terminal(program) as person:
            person.expect("replace it in the queue?")
            person.type(answer)
            assert person.wait() == 0
        (record, _) = desk("list", "--json").json
        assert (record["attempt"], record["state"]) == (attempt, "QUEUED")
    desk("cancel", "--state", "ACTIVE", status=None)
