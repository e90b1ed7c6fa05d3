"""`sojourn resume`, and workflows that fail, change, or are run by somebody else."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from sojourn.monitor import resuming
from sojourn.processes import me, process
from tests.core.monitor.computer import FLOW, WHILE_HELD, Computer
from tests.support.at_terminal import at_terminal
from tests.support.waiting import eventually


@pytest.fixture
def suspended(computer: Computer) -> Computer:
    """`FLOW` was run, and waits for its two jobs."""
    computer.sojourn("run", computer.script(), status=75)
    return computer


def ended(computer: Computer) -> None:
    """Let the jobs of `FLOW` end."""
    computer.open_gates(0, 1)
    computer.until(lambda: computer.lines("runs") == ["run-0", "run-1"])


def test_nothing_is_run_while_jobs_are_out(suspended: Computer) -> None:
    told = suspended.sojourn("resume", "flow", status=75)
    assert "0 of 2 jobs that workflow flow waits for have ended, 2 are still out" in told.stderr
    assert "sojourn wait --workflow flow" in told.stderr
    assert suspended.workflow().resumes == 0


def test_it_is_run_when_they_have_ended(suspended: Computer) -> None:
    ended(suspended)
    told = suspended.sojourn("resume", "flow")
    assert "flow on here: done" in told.stderr
    log = Path(suspended.workflow().log)
    assert str(log) in told.stderr
    assert log.read_text() in told.stderr
    assert told.stdout == ""
    assert list(log.parent.iterdir()) == [log]
    assert suspended.lines("steps") == ["total"]
    again = suspended.sojourn("resume", "flow")
    assert "is done: nothing is left to resume" in again.stderr
    assert suspended.workflow().resumes == 1


def test_a_mistyped_run_does_not_change_what_is_resumed(suspended: Computer) -> None:
    suspended.sojourn("run", suspended.script(), "--on", "nowhere", status=2)
    ended(suspended)
    suspended.sojourn("resume", "flow")
    assert suspended.workflow().status == "done"


def test_with_any_some_are_enough(suspended: Computer) -> None:
    suspended.open_gates(1)
    suspended.until(lambda: suspended.lines("runs") == ["run-1"])
    suspended.sojourn("resume", "flow", status=75)
    assert suspended.workflow().resumes == 0
    told = suspended.sojourn("resume", "flow", "--any", status=75)
    assert "flow on here: suspended" in told.stderr
    assert len(suspended.workflow().suspended_on) == 1
    suspended.sojourn("resume", "flow", "--any", status=75)
    record = suspended.workflow()
    assert (record.resumes, record.resume_failures) == (1, 0)
    suspended.open_gates(0)


def test_a_changed_script_is_run_only_if_accepted(suspended: Computer) -> None:
    ended(suspended)
    script = suspended.script()
    script.write_text(script.read_text() + "\nprint('changed')\n")
    told = suspended.sojourn("resume", "flow", status=2)
    assert "has changed since workflow flow was run" in told.stderr
    assert suspended.workflow().resumes == 0
    told = suspended.sojourn("resume", "flow", "--accept-script-change")
    assert told.stdout == "changed\n"
    apart = Path(suspended.workflow().log).with_suffix(".out")
    assert apart.name in told.stderr
    assert apart.read_text() == "changed\n"
    assert apart.stat().st_mode & 0o777 == 0o600
    assert suspended.workflow().status == "done"


def test_the_monitor_tells_of_a_changed_script_once_and_leaves_it(suspended: Computer) -> None:
    ended(suspended)
    script = suspended.script()
    script.write_text(script.read_text() + "\nprint('changed')\n")
    with suspended.monitor("--resume") as running:
        suspended.until(lambda: "workflow flow is not resumed: " in running.said)
        assert "--accept-script-change" in running.said
    with suspended.monitor("--resume") as running:
        suspended.submit("true")
        suspended.until(lambda: "has completed" in running.said)
        assert "not resumed" not in running.said
    assert suspended.workflow().resumes == 0
    with suspended.monitor("--resume", "--accept-script-change"):
        suspended.until_status("done")


@pytest.mark.parametrize("what", ["directory", "interpreter", "variable"])
def test_what_is_missing_is_said(computer: Computer, what: str) -> None:
    script = computer.script()
    (computer.folder / "there").mkdir()
    subprocess.run(
        [sys.executable, "-m", "sojourn.cli", "run", "--env", "DATA", str(script)],
        cwd=computer.folder / "there",
        env={**computer.environment, "DATA": "x"},
        capture_output=True,
        check=False,
    )
    ended(computer)
    environ = {"DATA": "x"}
    if what == "directory":
        (computer.folder / "there").rmdir()
        said = "which is not there any more"
    elif what == "interpreter":
        with computer.store() as store:
            store.update_workflow("flow", interpreter="/no/such/python")
        said = "was run by /no/such/python"
    else:
        environ, said = {}, "needs DATA, which is not set here"
    told = computer.sojourn("resume", "flow", status=2, **environ)
    assert said in told.stderr
    assert computer.workflow().resumes == 0


def test_what_was_not_run_by_sojourn_run_is_said(computer: Computer) -> None:
    script = computer.script()
    done = subprocess.run(
        [sys.executable, str(script)], cwd=computer.folder, env=computer.environment,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 75, done.stderr
    ended(computer)
    told = computer.sojourn("resume", "flow", status=2)
    assert "was not run by `sojourn run`" in told.stderr


def test_an_unknown_workflow_is_said_with_the_nearest(suspended: Computer) -> None:
    told = suspended.sojourn("resume", "flwo", status=2)
    assert "'flow'" in told.stderr
    suspended.open_gates(0, 1)


BREAKING = """
    import sys
    from pathlib import Path
    from sojourn import Job, Workflow

    HERE = Path(__file__).parent
    with (HERE / "tries").open("a") as file:
        file.write("try\\n")
    if (HERE / "broken").exists():
        raise ValueError("no luck today")
    from sojourn import job

    @job
    def wait():
        return Job(command=f"until [ -e '{HERE}/gate-0' ]; do sleep 0.05; done")

    with Workflow("breaks", on="here"):
        wait()
"""


def test_a_workflow_that_fails_does_not_loop(computer: Computer) -> None:
    computer.sojourn("run", computer.script(BREAKING), status=75)
    (computer.folder / "broken").touch()
    computer.open_gates(0)
    with computer.monitor("--resume") as running:
        for failures in range(1, resuming.MOST_FAILURES + 1):
            computer.until(lambda n=failures: computer.workflow("breaks").resume_failures == n)  # type: ignore[misc]
            computer.until(lambda: not computer.workflow("breaks").owner)
            assert computer.workflow("breaks").detail == "ValueError: no luck today"
            with computer.store() as store:  # as if the pause were over
                store.update_workflow("breaks", resumed_at=0.0)
        computer.until(lambda: "not resumed any more" in running.said)
        assert "no luck today; after 4 failures in a row" in running.said
        computer.submit("true")
        computer.until(lambda: "has completed" in running.said)
    assert len(computer.lines("tries")) == 1 + resuming.MOST_FAILURES
    assert computer.workflow("breaks").status == "suspended"
    (computer.folder / "broken").unlink()
    computer.sojourn("resume", "breaks")
    record = computer.workflow("breaks")
    assert (record.status, record.resume_failures, record.detail) == ("done", 0, "")


def test_a_failed_resume_is_not_tried_again_at_once(computer: Computer) -> None:
    computer.sojourn("run", computer.script(BREAKING), status=75)
    (computer.folder / "broken").touch()
    computer.open_gates(0)
    with computer.monitor("--resume") as running:
        computer.until(lambda: "tried again later" in running.said)
        computer.submit("true")
        computer.until(lambda: "has completed" in running.said)
    assert computer.workflow("breaks").resumes == 1
    assert len(computer.lines("tries")) == 2


def test_one_whose_jobs_fail_is_told_and_not_resumed_again(computer: Computer) -> None:
    script = computer.script()
    script.write_text(script.read_text().replace("echo {n} >out", "exit {n}"))
    computer.sojourn("run", script, status=75)
    computer.open_gates(0, 1)
    with computer.monitor("--resume") as running:
        computer.until_status("failed")
        computer.until(lambda: "workflow flow failed: " in running.said)
        computer.submit("true")
        computer.until(lambda: "has completed" in running.said)
    assert computer.workflow().resumes == 1


def test_after_a_retry_the_workflow_goes_on_by_itself(computer: Computer) -> None:
    script = computer.script()
    good = computer.folder / "good"
    script.write_text(
        script.read_text().replace("echo {n} >out", f"[ -e {good} ] && echo {{n}} >out")
    )
    computer.sojourn("run", script, status=75)
    computer.open_gates(0, 1)
    with computer.monitor("--resume"):
        computer.until_status("failed")
        good.touch()
        computer.sojourn("retry", "--workflow", "flow", "--state", "FAILED")
        computer.until_status("done")
    assert computer.lines("steps") == ["total"]


def test_two_never_run_at_once(suspended: Computer) -> None:
    ended(suspended)
    script = suspended.script()
    hold = suspended.folder / "hold"
    text = f"\nimport time\nwhile not Path({str(hold)!r}).exists(): time.sleep(0.05)\n"
    script.write_text(script.read_text() + text)
    words = ["resume", "flow", "--accept-script-change"]
    first = subprocess.Popen(
        [sys.executable, "-m", "sojourn.cli", *words],
        cwd=suspended.folder,
        env=suspended.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        suspended.until(lambda: suspended.workflow().owner)
        with suspended.store() as store:  # as it is seen by one that has looked a moment before
            store.update_workflow("flow", status="suspended")
        told = suspended.sojourn(*words, status=1)
        assert "is being run already, by pid " in told.stderr
        with suspended.monitor("--resume", "--accept-script-change") as running:
            suspended.submit("true")
            suspended.until(lambda: "has completed" in running.said)
            assert "resuming" not in running.said
    finally:
        hold.touch()
        assert first.wait(60) == 0
    assert suspended.workflow().resumes == 1


def test_many_at_once_are_one(suspended: Computer) -> None:
    ended(suspended)
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "sojourn.cli", "resume", "flow"],
            cwd=suspended.folder,
            env=suspended.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [program.communicate(timeout=90)[1] for program in programs]
    assert {program.returncode for program in programs} <= {0, 1}, said
    assert 0 in {program.returncode for program in programs}
    assert suspended.lines("steps") == ["total"]
    assert suspended.workflow().status == "done"
    assert suspended.workflow().owner == ""


def test_a_dead_owner_is_taken_over(suspended: Computer) -> None:
    ended(suspended)
    dead = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = str(process(dead.pid))
    dead.communicate()
    with suspended.store() as store:
        assert store.claim_workflow("flow", name)
    suspended.sojourn("resume", "flow")
    assert suspended.workflow().status == "done"


def test_an_owner_elsewhere_is_taken_over_only_when_asked(suspended: Computer) -> None:
    ended(suspended)
    with suspended.store() as store:
        assert store.claim_workflow("flow", str(replace(me(), host="elsewhere")))
    told = suspended.sojourn("resume", "flow", status=1)
    assert "on elsewhere" in told.stderr
    assert "--take-over" in told.stderr
    suspended.sojourn("resume", "flow", "--take-over")
    assert suspended.workflow().status == "done"


def test_a_resume_that_is_killed_counts_as_failed_and_is_tried_again(computer: Computer) -> None:
    hold = computer.folder / "hold"
    script = computer.script(WHILE_HELD + dedent(FLOW))
    computer.sojourn("run", script, status=75)
    ended(computer)
    hold.touch()
    with computer.monitor("--resume") as running:
        computer.until(lambda: computer.workflow().owner)
        os.kill(int(computer.workflow().owner.split()[1]), signal.SIGKILL)
        computer.until(lambda: "was not resumed" in running.said)
        record = computer.workflow()
        assert (record.resumes, record.resume_failures, record.status) == (1, 1, "suspended")
        hold.unlink()
        with computer.store() as store:  # as if the pause were over
            store.update_workflow("flow", resumed_at=0.0)
        computer.until_status("done")
    record = computer.workflow()
    assert (record.resumes, record.resume_failures) == (2, 0)
    assert computer.lines("steps") == ["total"]


def test_a_person_is_asked_at_a_terminal(suspended: Computer) -> None:
    ended(suspended)
    program = (
        "import os, sys\n"
        f"os.environ.update({suspended.environment!r})\n"
        "from sojourn.cli import main\n"
        "sys.exit(main(['resume', 'flow']))\n"
    )
    with at_terminal(program) as person:
        person.expect(r"2 of 2 jobs that workflow flow waits for have ended: continue\?")
        person.type("n")
        assert person.wait() == 75
    assert suspended.workflow().resumes == 0
    with at_terminal(program) as person:
        person.expect(r"continue\?")
        person.type("y")
        person.expect("flow on here: done", timeout=60)
        assert person.wait() == 0
    eventually(lambda: suspended.workflow().status == "done")
