"""`cancel`, `hold`, `release` and `retry`."""

import json

import pytest

from tests.core.cli.desk import Desk


def _busy(desk: Desk) -> list[str]:
    """Jobs in all of the machine's slots."""
    return [desk.running("--parameter", f"n={n}", "--", "sleep 60") for n in range(4)]


def test_cancel_ends_running_and_waiting_jobs_and_tells_of_ended_ones(desk: Desk) -> None:
    ended = desk.finished("--", "true")
    running, *_ = _busy(desk)
    waiting = desk.submit("--", "echo never")
    answers = {
        one["signature"]: one for one in desk("cancel", ended, running, waiting, "--json").json
    }
    assert answers[ended]["outcome"] == "finished"
    assert answers[ended]["state"] == "COMPLETED"
    assert answers[running]["outcome"] == "done"
    assert answers[waiting]["outcome"] == "never-runs"
    assert answers[waiting]["state"] == "CANCELLED"
    desk("wait", running, status=1)
    assert desk.state(running) == "CANCELLED"


def test_cancel_on_an_ended_job_changes_nothing_and_says_so(desk: Desk) -> None:
    signature = desk.finished("--", "true")
    before = desk("explain", signature, "--json").json
    done = desk("cancel", signature)
    assert "it is COMPLETED already; nothing was changed" in done.out
    assert desk("explain", signature, "--json").json == before


def test_cancel_by_options_takes_active_jobs_only(desk: Desk) -> None:
    desk.finished("--", "true")
    running = desk.running("--", "sleep 60")
    answers = desk("cancel", "-m", "here", "--json").json
    assert [one["signature"] for one in answers] == [running]
    desk("wait", running, status=1)
    assert "no such job to change" in desk("cancel", "-m", "here").err


def test_cancel_needs_to_be_told_what(desk: Desk) -> None:
    desk.running("--", "sleep 60")
    assert "no job is named" in desk("cancel", status=2).err


def test_hold_and_release(desk: Desk) -> None:
    blockers = _busy(desk)
    signature = desk.submit("--", "echo held once")
    assert "held" in desk("hold", signature).out
    assert desk.state(signature) == "HELD"
    desk("cancel", *blockers)
    for blocker in blockers:
        desk("wait", blocker, status=1)
    assert desk.state(signature) == "HELD"
    assert "released" in desk("release", "--state", "HELD").out
    desk("wait", signature)


def test_hold_of_an_ended_job_fails_and_says_why(desk: Desk) -> None:
    signature = desk.finished("--", "true")
    done = desk("hold", signature, status=1)
    assert "COMPLETED already" in done.out


def test_one_machines_trouble_does_not_keep_the_others(desk: Desk) -> None:
    signature = desk.running("--", "sleep 60")
    machines = json.loads(desk.machines.read_text())
    machines["machines"]["gone"] = {"backend": "local", "root": str(desk.here / "no" / "root")}
    desk.machines.write_text(json.dumps(machines))
    desk.file("no", "in the way")
    desk("submit", "-m", "gone", "--", "true", status=1)
    done = desk("cancel", "--state", "ACTIVE", status=None)
    assert signature[:8] in done.out
    desk("wait", signature, status=1)


def test_retry_runs_again_and_keeps_the_history(desk: Desk) -> None:
    counter = desk.here / "count"
    command = f"echo >> {counter}; [ $(wc -l < {counter}) = 2 ]"
    signature = desk.finished("--", command)
    assert desk.state(signature) == "FAILED"
    done = desk("retry", signature)
    assert "attempt 2" in done.out
    desk("wait", signature)
    (one,) = desk("show", signature, "--json").json
    assert [attempt["state"] for attempt in one["attempts"]] == ["FAILED", "COMPLETED"]
    assert one["attempts"][0]["exit_code"] == 1


def test_retry_may_ask_for_other_resources(desk: Desk) -> None:
    signature = desk.finished("--resource", "walltime=1s", "--", "sleep 30")
    assert desk.state(signature) == "TIMEOUT"
    desk("retry", signature, "--resource", "walltime=90s", "--json")
    (one,) = desk("show", signature, "--json").json
    assert one["resources"]["walltime"] == 90
    assert one["attempts"][0]["resources"]["walltime"] == 1


def test_retry_of_an_active_job_changes_nothing(desk: Desk) -> None:
    running = desk.running("--", "sleep 60")
    done = desk("retry", running, status=2)
    assert "only a job that has ended" in done.err
    assert desk.state(running) == "RUNNING"


def test_retry_by_options_takes_what_did_not_end_well(desk: Desk) -> None:
    desk.finished("--", "true")
    assert "no such job to run again" in desk("retry", "-m", "here").err
    bad = desk.finished("--", "false")
    answers = desk("retry", "-m", "here", "--json").json
    assert [one["signature"] for one in answers] == [bad]


def test_a_mistaken_resource_changes_nothing(desk: Desk) -> None:
    bad = desk.finished("--", "false")
    assert "memry" in desk("retry", bad, "--resource", "memry=1GiB", status=2).err
    assert desk.state(bad) == "FAILED"


def test_a_retry_that_could_not_be_handed_in_changes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hidden")
    data = desk.file("data", "one")
    bad = desk.finished("--secret-env", "TOKEN", "--input", data, "--", "false")
    assert "one node" in desk("retry", bad, "--resource", "nodes=2", status=2).err
    data.write_text("two")
    assert "inputs are no longer" in desk("retry", bad, status=2).err
    data.write_text("one")
    monkeypatch.delenv("TOKEN")
    assert "TOKEN is not set" in desk("retry", bad, status=2).err
    (one,) = desk("show", bad, "--json").json
    assert (one["state"], one["attempt"]) == ("FAILED", 1)
