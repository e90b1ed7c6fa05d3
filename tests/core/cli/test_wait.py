"""`wait`: until they have ended, or time is up, or nobody wants to wait any more."""

import signal

import pytest

from sojourn.store.records import JobRecord
from tests.core.cli.desk import Desk
from tests.support.at_terminal import at_terminal
from tests.support.waiting import eventually


def test_all_well_is_0_and_a_table(desk: Desk) -> None:
    first, second = desk.submit("--", "true"), desk.submit("--", "echo 2")
    done = desk("wait", first, second[:8])
    assert done.out.count("COMPLETED") == 2
    assert "is COMPLETED" in done.err


def test_one_failure_is_1_and_is_told(desk: Desk) -> None:
    good, bad = desk.submit("--", "true"), desk.submit("--", "echo why >&2; exit 4")
    done = desk("wait", good, bad, "--json", status=1)
    assert {one["state"] for one in done.json} == {"COMPLETED", "FAILED"}
    assert "exit status 4" in done.err
    assert "  | why" in done.err


def test_time_up_is_75_and_the_jobs_go_on(desk: Desk) -> None:
    signature = desk.running("--", "sleep 60")
    done = desk("wait", signature, "--timeout", "0.2s", status=75)
    assert "time is up: 1 job not finished" in done.err
    assert desk.state(signature) == "RUNNING"


def test_ctrl_c_is_130_and_the_jobs_go_on(desk: Desk) -> None:
    signature = desk.running("--", "sleep 60")
    process = desk.start("wait", signature)
    assert process.stderr is not None
    assert "RUNNING" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (
        err == "sojourn: the jobs go on; `sojourn status` asks about them\nsojourn: interrupted\n"
    )
    assert desk.state(signature) == "RUNNING"


def test_jobs_are_chosen_by_options_too(desk: Desk) -> None:
    signature = desk.submit("--", "true")
    assert signature[:8] in desk("wait", "-m", "here").out
    assert "no such jobs are out" in desk("wait", "-m", "here").err
    assert "no job is named" in desk("wait", status=2).err


def test_a_machine_that_does_not_answer_is_told_once(desk: Desk) -> None:
    signature = desk.running("--", "sleep 60")
    root = desk.folder.parent / "root"
    root.rename(root.with_name("away"))
    root.write_text("in the way")
    try:
        done = desk("wait", signature, "--timeout", "1s", status=75)
    finally:
        root.unlink()
        root.with_name("away").rename(root)
    assert (
        len([line for line in done.err.splitlines() if "here" in line and "known" not in line]) >= 1
    )
    assert done.err.count("old:") + done.err.count("old,") <= 1
    assert desk.state(signature) == "RUNNING"


def test_what_needs_a_person_ends_the_wait_with_3(desk: Desk) -> None:
    """Also what waits for its outputs; what goes on by itself is waited for first."""
    refused = JobRecord(
        "ab" * 32, "here", "sim", refused=True, reason="no such account", workflow="w"
    )
    child = JobRecord("cd" * 32, "here", "after", parents=(refused.signature,))
    desk.put(refused, child)
    good = desk.submit("--", "true")
    done = desk("wait", "abab", "cdcd", good, status=3)
    assert done.out.count("COMPLETED") == 1
    assert done.err.count("job sim (abababab) on here was refused") == 1
    assert "no such account" in done.err
    assert "change what it asks for and run it again" in done.err
    assert "job sim (abababab) on here" in desk("status").err


def test_a_terminal_sees_a_live_display(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = desk.here / "mark"
    signature = desk.running("--name", "fit", "--", f"while [ ! -e {mark} ]; do sleep 0.1; done")
    for name, value in {**desk.environment, "TERM": "xterm", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
    program = f"import sys; from sojourn.cli import main; sys.exit(main(['wait', '{signature}']))"
    with at_terminal(program) as person:
        person.expect("RUNNING")
        person.expect("0 of 1 ended")
        mark.touch()
        assert person.wait() == 0
        assert "COMPLETED" in person.seen


def test_ctrl_c_at_a_terminal_takes_the_display_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature = desk.running("--", "sleep 60")
    for name, value in {**desk.environment, "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    program = f"import sys; from sojourn.cli import main; sys.exit(main(['wait', '{signature}']))"
    with at_terminal(program) as person:
        person.expect("0 of 1 ended")
        person.interrupt()
        assert person.wait() == 130
        assert "\x1b[?25h" in person.seen  # the cursor is back
        assert "the jobs go on" in person.seen
    eventually(lambda: desk.state(signature) == "RUNNING")
