"""The commands on a real Slurm, over both SSH transports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.cli.desk import Desk
from tests.support.machines import KINDS, Entry, entry_of, remove_root
from tests.support.testbed import Testbed
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slurm, pytest.mark.sshd]

NEVER = """
from sojourn import Job, Workflow, job

@job(outputs=["o"], walltime="30d")
def sim():
    return "echo 1 >o"

@job(outputs=["p"])
def after(x):
    return Job(command="cat o >p", inputs={"o": x})

with Workflow("never", on="hpc"):
    after(sim())
"""


@pytest.fixture(params=["slurm-ssh", "slurm-openssh"])
def hpc(request: pytest.FixtureRequest, testbed: Testbed, tmp_path: Path) -> Iterator[Desk]:
    """A desk from which a Slurm is reached."""
    entry: Entry = entry_of(KINDS[request.param], testbed, tmp_path)
    desk = Desk(tmp_path / "desk", {"hpc": entry})
    yield desk
    if desk.home.exists():
        desk("cancel", "--state", "ACTIVE", status=None)
        desk("wait", "--state", "ACTIVE", "--timeout", "20s", status=None)
    remove_root(entry, tmp_path)


def test_a_check_goes_through_everything(hpc: Desk) -> None:
    done = hpc("machines", "check", "hpc")
    for what in (
        "name resolution", "connection", "host key", "login", "root", "room", "tools", "clock",
        "round trip", "sbatch", "controller", "queue", "a tiny job",
    ):  # fmt: skip
        assert f"ok    {what} " in done.out, what
    assert hpc("list", "--json").json == []


def test_an_unknown_host_key_is_told_with_its_fingerprint(hpc: Desk) -> None:
    text = hpc.machines.read_text()
    key = text.partition('"known_hosts_file": "')[2].partition('"')[0]
    hpc.machines.write_text(text.replace(key, "/dev/null"))
    done = hpc("machines", "check", "hpc", status=1)
    assert "FAIL  host key" in done.out
    assert "SHA256:" in done.out


def test_a_wrong_queue_is_told_with_the_right_ones(hpc: Desk) -> None:
    hpc.machines.write_text(hpc.machines.read_text().replace('"normal"', '"nosuch"'))
    done = hpc("machines", "check", "hpc", status=1)
    line = next(line for line in done.out.splitlines() if line.startswith("FAIL  queue"))
    assert "nosuch" in line
    assert "normal" in done.out


def test_a_script_of_theirs_runs_is_followed_and_fetched(hpc: Desk) -> None:
    hpc.file(
        "job.sbatch",
        "#!/bin/bash\n#SBATCH --time=00:03:00\n#SBATCH -J mine\n"
        "for n in 1 2 3; do echo line $n; sleep 0.3; done; echo done > out.txt\n",
    )
    signature = hpc.submit(
        "--output", "out.txt", "--resource", "memory=50MiB", "--script", "job.sbatch"
    )
    followed = hpc.process("logs", "-f", signature)
    assert followed.out == "line 1\nline 2\nline 3\n"
    place = Path(hpc("fetch", signature).out.strip())
    assert (place / "out.txt").read_text() == "done\n"
    rendered = hpc("script", "--script", "job.sbatch", "--resource", "memory=50MiB").out
    assert "#SBATCH --time=00:03:00" in rendered
    assert "#SBATCH --mem=" in rendered


def test_hold_release_and_cancel(hpc: Desk) -> None:
    signature = hpc.submit("--resource", "queue=down", "--", "true")
    hpc("hold", signature)
    assert hpc.state(signature) == "HELD"
    hpc("release", signature)
    assert hpc.state(signature) == "QUEUED"
    # Slurm forgets the reason with the hold, and has the next a moment later.
    told = eventually(lambda: [o for o in hpc("status", signature, "--json").json if o["reason"]])
    assert hpc("show", f"hpc:{told[0]['scheduler_id']}", "--json").json[0]["signature"] == signature
    assert hpc("cancel", signature, "--json").json[0]["state"] == "CANCELLED"


def test_a_job_that_can_never_start_ends_the_wait_with_3(hpc: Desk) -> None:
    hpc.file("never.py", NEVER)
    told = hpc.process("run", "never.py", "--wait", status=3)
    assert "can never start: Partition" in told.err
    assert "run it again with --update" in told.err
    assert {one["state"] for one in hpc("list", "--json").json} == {"QUEUED"}
    done = hpc("wait", "--workflow", "never", "--json", status=3)
    assert [one["name"] for one in done.json if one["never_starts"]] == ["sim"]
    assert "can never start" in hpc("status").err
    assert "job sim on hpc waits for a person" in hpc("monitor", "--once").err
    hpc.file("never.py", NEVER.replace("30d", "5m"))
    told = hpc.process("run", "never.py", status=3)
    assert "sim waits with walltime=30d; asks for 5m now; --update replaces it" in told.err
    hpc.process("run", "never.py", "--update", "--wait")
    jobs = hpc("list", "--json").json
    assert {(one["state"], one["attempt"]) for one in jobs} == {("COMPLETED", 2)}


def test_a_shell_in_the_jobs_directory(hpc: Desk) -> None:
    signature = hpc.finished("--name", "it's", "--", "echo 1 > made")
    done = hpc.process("shell", signature, given="pwd; ls\n")
    place, listed = done.out.splitlines()[-2:]
    assert place.endswith(f"{signature}/1/work")
    assert listed == "made"


def test_a_lost_store_is_made_anew_and_old_jobs_are_cleared(hpc: Desk) -> None:
    done, failed = hpc.finished("--output", "x", "--", "echo 1 > x"), hpc.finished("--", "false")
    (hpc.home / "store.sqlite3").unlink()
    assert len(hpc("rebuild", "--json").json) == 2
    assert hpc.state(done) == "COMPLETED"
    assert hpc.state(failed) == "FAILED"
    gone = hpc("gc", "--remote", "--older-than", "0.001s", "--json").json
    assert [one["signature"] for one in gone if one["what"] == "job"] == [failed]
    assert hpc("fetch", done).out


@pytest.mark.parametrize(("signal", "state"), [("USR1", "COMPLETED"), ("TERM", "CANCELLED")])
def test_a_warning_that_the_batch_script_asked_for_reaches_it(
    hpc: Desk, signal: str, state: str
) -> None:
    """Sent as Slurm does ahead of the end, but at once; what got SIGTERM never counts as done."""
    hpc.file(
        "job.sbatch",
        f"#!/bin/bash\n#SBATCH --time=3 --signal=B:{signal}@60\n"
        f"trap 'echo saved > out.txt; exit 0' {signal}\n"
        f"scancel --batch --signal={signal} $SLURM_JOB_ID\n"
        "while :; do sleep 0.1; done\n",
    )
    job = hpc.finished("--script", "job.sbatch", "--output", "out.txt")
    (one,) = hpc("list", "--json").json
    assert (one["state"], one["exit_code"]) == (state, 0)
    hpc("fetch", job, "--partial", "-o", "there")
    (saved,) = (hpc.here / "there").rglob("out.txt")
    assert saved.read_text() == "saved\n"
