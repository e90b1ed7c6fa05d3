"""`sojourn pause` and `unpause`: left alone by everybody, through restarts, and shown."""

import json
import os
import signal
from typing import Any

import pytest

from sojourn.states import State
from sojourn.store.plans import WorkflowRecord
from tests.core.monitor.computer import Computer
from tests.core.monitor.stage import Stage, in_state, states, submit
from tests.support.waiting import eventually


def listed(computer: Computer, command: str = "list") -> dict[str, bool]:
    """Which jobs are shown as paused, by name."""
    rows: list[dict[str, Any]] = json.loads(computer.sojourn(command, "--json").stdout)
    return {row["name"]: row["paused"] for row in rows}


def test_a_paused_machine_is_not_asked_by_anybody(stage: Stage) -> None:
    with stage.watching() as session:
        submit(session, "a")
        submit(session, "b")
        stage.polled_again("a")
        session.store.update_machine("a", paused=True)
        stage.polled_again("b")
        asked = stage.polls("a")
        stage.polled_again("b", 4)
        session.refresh_each()
        assert stage.polls("a") == asked
        session.store.update_machine("a", paused=False)
        stage.polled_again("a")


def test_what_is_paused_is_not_handed_in(stage: Stage) -> None:
    with stage.session() as session:
        session.store.update_machine("a", paused=True)
        submit(session, "a", 2)
        session.submit_waiting("a")
        assert states(session) == {State.NEW}
        assert not stage.puppet.at("a").tried
        session.store.update_machine("a", paused=False)
        session.submit_waiting("a")
        assert states(session) == {State.QUEUED}


def test_a_paused_job_is_left_out_of_the_poll(stage: Stage) -> None:
    with stage.watching() as session:
        first, second = submit(session, "a", 2)
        eventually(in_state(session, State.RUNNING))
        session.store.pause_jobs([(first.signature, "a")], paused=True)
        stage.polled_again("a", 3)
        assert stage.puppet.at("a").polls[-1] == [second.signature]


def test_jobs_of_a_paused_workflow_are_left_out_too(stage: Stage) -> None:
    with stage.watching() as session:
        first, second = submit(session, "a", 2)
        session.store.put_workflow(WorkflowRecord("co2", paused=True))
        session.store.update_fields(first.signature, "a", workflow="co2")
        stage.polled_again("a", 3)
        assert stage.puppet.at("a").polls[-1] == [second.signature]


def test_it_outlives_restarts_and_is_shown(computer: Computer) -> None:
    computer.submit("sleep 0.1", name="here")
    told = computer.sojourn("pause", "--machine", "here", "--json")
    assert json.loads(told.stdout) == [
        {"kind": "machine", "name": "here", "paused": True, "changed": True}
    ]
    assert "machine here is paused" in told.stderr
    assert listed(computer) == {"here": True}
    with computer.monitor() as running:
        os.kill(running.process.pid, signal.SIGTERM)
        assert running.process.wait(30) == 0
    assert listed(computer, "status") == {"here": True}
    (job,) = computer.jobs()
    assert job.state in (State.QUEUED, State.RUNNING)
    assert "already" in computer.sojourn("pause", "--machine", "here").stderr
    computer.sojourn("unpause", "--machine", "here")
    with computer.monitor():
        computer.until(computer.all_ended)
    assert listed(computer) == {"here": False}


@pytest.mark.parametrize("choice", [("--machine", "here"), ("--workflow", "flow")])
def test_the_table_marks_what_is_paused_with_its_machine_or_workflow(
    computer: Computer, choice: tuple[str, str]
) -> None:
    computer.sojourn("run", computer.script(), status=75)
    computer.sojourn("pause", *choice)
    for command in ("list", "status"):
        _, *rows = computer.sojourn(command, *choice).stdout.splitlines()
        assert len(rows) == 2
        assert all("paused" in row for row in rows), command
    computer.sojourn("unpause", *choice)
    assert "paused" not in computer.sojourn("list").stdout
    computer.open_gates(0, 1)
    with computer.monitor():
        computer.until(computer.all_ended)


def test_a_job_for_a_paused_machine_says_why_it_is_not_handed_in(computer: Computer) -> None:
    computer.submit("true")
    with computer.monitor():
        computer.until(computer.all_ended)
    computer.sojourn("pause", "--machine", "here")
    told = computer.sojourn("submit", "-m", "here", "--", "echo", "later")
    assert "NEW on here" in told.stderr
    assert "here is paused: `sojourn unpause --machine here` releases it" in told.stderr
    computer.sojourn("cancel", told.stdout.strip())


def test_jobs_are_paused_by_signature(computer: Computer) -> None:
    one, _ = computer.submit("sleep 0.1", "sleep 0.2")
    computer.sojourn("pause", one[:10])
    rows = json.loads(computer.sojourn("list", "--json").stdout)
    assert {row["signature"]: row["paused"] for row in rows} == {
        row["signature"]: row["signature"] == one for row in rows
    }
    computer.sojourn("unpause", "--state", "ACTIVE", "--machine", "here")
    assert set(listed(computer).values()) == {False}
    with computer.monitor():
        computer.until(computer.all_ended)


def test_a_paused_workflow_is_not_resumed(computer: Computer) -> None:
    computer.sojourn("run", computer.script(), status=75)
    computer.sojourn("pause", "--workflow", "flow")
    computer.open_gates(0, 1)
    computer.until(lambda: computer.lines("runs") == ["run-0", "run-1"])
    with computer.monitor("--resume") as running:
        computer.submit("true", name="other")
        computer.until(lambda: "job other" in running.said)
        assert "resuming" not in running.said
        told = computer.sojourn("resume", "flow", status=2)
        assert "is paused" in told.stderr
        assert "sojourn unpause --workflow flow" in told.stderr
        computer.sojourn("unpause", "--workflow", "flow")
        computer.until_status("done")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no job is named"),
        (["--machine", "her"], "there is no machine 'her'"),
        (["--workflow", "nothing"], "there is no workflow 'nothing'"),
        (["abcdef"], "there is no job 'abcdef'"),
    ],
)
def test_what_is_not_there_is_said(computer: Computer, words: list[str], said: str) -> None:
    computer.submit("true", name="x")
    assert said in computer.sojourn("pause", *words, status=2).stderr
    with computer.monitor():
        computer.until(computer.all_ended)
