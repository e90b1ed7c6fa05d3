"""How commands end: words on stderr, and the exit status."""

import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import click
import pytest

from sojourn.cli import ending
from sojourn.cli.ending import end
from sojourn.errors import (
    ConfigError,
    InvalidJob,
    JobFailed,
    MachineError,
    StepFailed,
    WorkflowFailed,
)
from sojourn.states import State
from sojourn.suspension import JobHandle, JobSuspended, WorkflowSuspended
from sojourn.values.resources import Resources
from tests.core.cli.desk import Desk
from tests.core.cli.samples import record, signature
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (
            ConfigError("bad key", file=Path("m.yaml"), line=3, hint="fix it"),
            2,
            "m.yaml:3: bad key",
        ),
        (MachineError("it is down", machine="hpc"), 1, "hpc: it is down"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (click.UsageError("No such thing."), 2, "no such thing"),
        (ValueError("surprise\nand more"), 1, "unexpected ValueError: surprise"),
    ],
)
def test_each_error_has_its_status_and_one_line(
    error: BaseException, status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(error) == status
    said = capsys.readouterr()
    assert said.out == ""
    first, *more = said.err.splitlines()
    assert first == f"sojourn: {words}"
    assert all(line.startswith("  hint: ") for line in more)
    assert "Traceback" not in said.err


def test_an_unexpected_error_says_how_to_see_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert end(RuntimeError("x")) == 1
    assert "SOJOURN_DEBUG=1" in capsys.readouterr().err
    monkeypatch.setenv("SOJOURN_DEBUG", "1")
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("x")
    assert end(caught.value) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_failed_job_is_told_with_its_last_lines(capsys: pytest.CaptureFixture[str]) -> None:
    error = JobFailed(
        "job a is FAILED: exit status 3", signature="a" * 64, state=State.FAILED,
        stderr_tail="first\nlast \x1b[31mred", hint="look",
    )  # fmt: skip
    assert end(error) == 1
    err = capsys.readouterr().err
    assert "  | first\n  | last \\x1b[31mred\n" in err
    assert err.endswith("  hint: look\n")


def test_a_failed_workflow_names_each_failure_once(capsys: pytest.CaptureFixture[str]) -> None:
    inner = StepFailed("step fit failed: boo", hint="mend it")
    inner.add_note('  File "a.py", line 3')
    assert end(WorkflowFailed("workflow failed", failures=(inner,), hint="mend it")) == 1
    err = capsys.readouterr().err
    assert "sojourn: step fit failed: boo\n" in err
    assert 'File "a.py", line 3' in err
    assert err.count("mend it") == 1


def test_a_failure_that_the_workflow_s_message_tells_is_not_told_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = StepFailed("step fit failed: boo"), StepFailed("step plot failed: oh")
    first.add_note('  File "a.py", line 3')
    message = "workflow w failed: step fit failed: boo; and 1 more"
    end(WorkflowFailed(message, failures=(first, second)))
    err = capsys.readouterr().err
    assert err.count("step fit failed: boo") == 1
    assert err.count("step plot failed: oh") == 1
    assert 'File "a.py", line 3' in err


def test_a_traceback_ends_with_the_hint_and_the_command_line_says_it_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(InvalidJob) as caught:
        Resources(memry="1GiB")  # type: ignore[call-arg]
    shown = "".join(traceback.format_exception(caught.value)).splitlines()
    assert shown[-2].endswith("Resources has no 'memry'")
    assert shown[-1] == "  hint: did you mean 'memory'?"
    assert end(caught.value) == 2
    assert capsys.readouterr().err.count("did you mean 'memory'?") == 1


@pytest.mark.parametrize("grouped", [False, True])
def test_a_suspension_ends_with_75_and_two_lines(
    grouped: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting: BaseException = JobSuspended(JobHandle("a" * 64, "hpc"))
    if grouped:
        waiting = BaseExceptionGroup("two", [waiting, JobSuspended(JobHandle("b" * 64, "hpc"))])
    assert end(waiting) == 75
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 2
    assert "run the same command again" in err


def test_a_workflow_that_waits_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    child = JobSuspended(JobHandle("a" * 64, "hpc"))
    assert end(WorkflowSuspended([child], "co2")) == 75
    assert "workflow co2 is waiting for 1 job on hpc" in capsys.readouterr().err


@pytest.mark.parametrize(("code", "status"), [(None, 0), (3, 3)])
def test_the_status_of_sys_exit_is_kept(code: int | None, status: int) -> None:
    assert end(SystemExit(code)) == status


def test_a_reader_that_goes_away_is_no_error(empty_desk: Desk) -> None:
    empty_desk.put(*(record(f"job {n}") for n in range(3000)))
    process = empty_desk.start("list", stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("JOB")
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(30) == 1
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_under_stdout_is_said(empty_desk: Desk) -> None:
    empty_desk.put(record("one"))
    with Path("/dev/full").open("w") as full:
        process = empty_desk.start("list", stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "No space left" in err
    assert "Traceback" not in err


def test_ctrl_c_ends_with_130_and_one_line(empty_desk: Desk) -> None:
    empty_desk.put(record("one"))
    process = empty_desk.start("list", "--watch", stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("JOB")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "sojourn: interrupted\n"


def test_words_of_jobs_do_not_steer_the_terminal(empty_desk: Desk) -> None:
    empty_desk.put(record("x\x1b]0;owned\x07\n", reason="a\tb\x1b[2J", workflow="w\rv"))
    out = empty_desk("list").out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert len(out.splitlines()) == 2
    assert r"x\x1b]0;owned\x07\n" in out


def test_output_survives_a_narrow_encoding(empty_desk: Desk) -> None:
    empty_desk.put(record("größe 日本"))
    done = empty_desk.process(
        "list", env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    )
    assert "gr\\xf6\\xdfe" in done.out


def test_a_damaged_store_is_one_line_with_what_to_do(empty_desk: Desk) -> None:
    empty_desk.home.mkdir()
    (empty_desk.home / "store.sqlite3").write_bytes(b"garbage" * 1000)
    done = empty_desk("list", status=1)
    assert done.out == ""
    assert "store is damaged" in done.err or "no store of Sojourn's" in done.err
    assert "  hint: " in done.err


def test_a_home_that_is_a_file_is_said(empty_desk: Desk) -> None:
    empty_desk.home.write_text("not a directory")
    done = empty_desk("list", status=1)
    assert "SOJOURN_HOME" in done.err
    assert len(done.err.splitlines()) == 2


def test_a_mistake_in_machines_yaml_names_file_line_and_key(empty_desk: Desk) -> None:
    empty_desk.machines.write_text("machines:\n  here:\n    backend: local\n    slotz: 3\n")
    done = empty_desk("submit", "--", "true", status=2)
    assert f"{empty_desk.machines}:4:" in done.err
    assert "slots" in done.err
    assert not empty_desk("list", "--json").json


def test_the_module_is_the_program_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sojourn.cli", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("sojourn ")


def test_completion_goes_its_own_way(empty_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    empty_desk.put(record("one"))
    words = {"_SOJOURN_COMPLETE": "bash_complete", "COMP_WORDS": "sojourn show ", "COMP_CWORD": "2"}
    done = empty_desk.process(env=words)
    assert signature("one")[:8] in done.out
    assert ending.COMPLETE == "_SOJOURN_COMPLETE"


def test_nothing_waits_for_a_dead_terminal(empty_desk: Desk) -> None:
    """A program whose standard streams are closed still ends by itself."""
    empty_desk.put(record("one"))
    process = subprocess.Popen(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *empty_desk.command("list")],
        env=empty_desk.environment, start_new_session=True,
    )  # fmt: skip
    eventually(lambda: process.poll() is not None)
    assert os.WIFEXITED(process.returncode) or process.returncode >= 0
