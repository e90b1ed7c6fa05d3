"""What VisTrails' job monitor got wrong, and what it did well: each has its test.

Those that other tests hold, by name: a tree by workflow, group and job (`sojourn run`, `top`);
check selected or all (`status`); the interval settable and remembered, automatic re-execution
(`test_program`); "ready, continue?" (`test_resume`); pause (`test_pause`); standard output with
refresh (`logs`); listing from the command line (`list`).
"""

import getpass
import random
from collections.abc import Callable
from textwrap import dedent

import pytest

from sojourn.errors import ConnectionLost, SchedulerUnavailable, Unreachable
from sojourn.session import links
from sojourn.states import FINAL, State
from sojourn.values.messages import Phase
from sojourn.values.notification import Topic
from tests.core.monitor.computer import FLOW, Computer
from tests.core.monitor.stage import Stage, in_state, submit
from tests.support.waiting import eventually

ERRORS: list[Callable[[str], Exception]] = [Unreachable, ConnectionLost, SchedulerUnavailable]


@pytest.mark.parametrize("seed", range(3))
def test_network_errors_during_checks_mark_nothing_finished(
    stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of all polls fail, in every way; no job ends before its exit status was seen."""
    monkeypatch.setattr(links, "RETRY_ATTEMPTS", 1)
    dice = random.Random(seed)

    def flaky(machine: str) -> None:
        if dice.random() < 0.5:
            raise dice.choice(ERRORS)("seeded")

    stage.puppet.on_poll = flaky
    with stage.watching() as session:
        records = submit(session, "a", 5)
        ended: set[str] = set()
        for record in records:
            stage.polled_again("a", 2)
            assert {r.signature for r in session.store.select(states=FINAL)} <= ended
            stage.puppet.at("a").phases[record.signature] = Phase.ENDED
            ended.add(record.signature)
        eventually(in_state(session, State.COMPLETED), timeout=60)
    changes = [event.new for event in stage.events if event.signature == records[0].signature]
    assert changes == [State.SUBMITTING, State.QUEUED, State.RUNNING, State.COMPLETED] or (
        changes == [State.SUBMITTING, State.QUEUED, State.COMPLETED]
    )


def test_a_step_that_was_not_reached_loses_nothing(computer: Computer) -> None:
    """A run that stops before it comes to a step keeps that step's jobs, and their results."""
    computer.open_gates(0, 1)
    script = computer.script()
    computer.sojourn("run", script, status=75)
    with computer.monitor("--resume"):
        computer.until_status("done")
    known = {(job.signature, job.state) for job in computer.jobs()}
    cut = dedent(FLOW).replace("    fits = ", "    raise SystemExit(3)\n    fits = ")
    script.write_text(cut)
    computer.sojourn("run", script, status=3)
    assert {(job.signature, job.state) for job in computer.jobs()} == known
    script.write_text(dedent(FLOW))
    computer.sojourn("run", script)
    assert {(job.signature, job.state) for job in computer.jobs()} == known
    assert computer.lines("runs") == ["run-0", "run-1"]
    assert computer.lines("steps") == ["total"]


def test_jobs_of_a_step_that_was_not_reached_are_still_watched(computer: Computer) -> None:
    script = computer.script()
    computer.sojourn("run", script, status=75)
    cut = dedent(FLOW).replace("    fits = ", "    raise SystemExit(3)\n    fits = ")
    script.write_text(cut)
    computer.sojourn("run", script, status=3)
    computer.open_gates(0, 1)
    with computer.monitor():
        computer.until(computer.all_ended)
    assert {job.state for job in computer.jobs()} == {State.COMPLETED}
    assert len(computer.jobs()) == 2


def test_user_and_times_survive_saving_and_loading(computer: Computer) -> None:
    gate = computer.folder / "gate"
    (signature,) = computer.submit(f"until [ -e '{gate}' ]; do sleep 0.05; done", name="one")
    (before,) = computer.jobs()
    assert before.user == getpass.getuser()
    assert before.submitted_at is not None
    with computer.monitor():
        computer.until(lambda: [job.state for job in computer.jobs()] == [State.RUNNING])
        (running,) = computer.jobs()
        gate.touch()
        computer.until(computer.all_ended)
    (after,) = computer.jobs()
    assert (after.signature, after.user) == (signature, before.user)
    assert after.submitted_at == before.submitted_at
    assert after.created_at == before.created_at
    assert running.started_at is not None
    assert after.started_at == pytest.approx(running.started_at, abs=2)


def test_jobs_shared_across_workflows_are_one_job(computer: Computer) -> None:
    first = computer.script()
    second = computer.script(FLOW.replace('Workflow("flow"', 'Workflow("other"'), "other.py")
    computer.sojourn("run", first, status=75)
    computer.sojourn("run", second, status=75)
    assert len(computer.jobs()) == 2
    computer.open_gates(0, 1)
    with computer.monitor("--resume"):
        computer.until_status("done", "flow")
        computer.until_status("done", "other")
    assert computer.lines("runs") == ["run-0", "run-1"]
    assert len(computer.jobs()) == 2


def test_it_appears_on_change_and_counts_n_of_m(stage: Stage) -> None:
    (stage.folder / "notify.yaml").write_text("notify: {window: 0.3s, channels: {}}")
    with stage.watching(notify=True) as session:
        from sojourn.store.plans import WorkflowRecord

        records = submit(session, "a", 4)
        session.store.put_workflow(
            WorkflowRecord(
                "co2",
                status="suspended",
                suspended_on=tuple(record.signature for record in records),
                last_run_at=1.0,
            )
        )
        eventually(in_state(session, State.RUNNING))
        assert stage.messages == []
        stage.puppet.at("a").default = Phase.ENDED

        def told() -> list[str]:
            return [
                notice.detail
                for message in list(stage.messages)
                for notice in message.notices
                if notice.topic is Topic.WORKFLOW_READY
            ]

        eventually(lambda: told())
        assert told() == ["4 COMPLETED; `sojourn resume co2` goes on with it"]
    stage.messages.clear()
    with stage.watching(notify=True) as session:  # once for each suspension, whoever monitors
        (again,) = submit(session, "b")
        eventually(lambda: any(e.signature == again.signature for e in stage.events))
    assert not [
        notice
        for message in stage.messages
        for notice in message.notices
        if notice.topic is Topic.WORKFLOW_READY
    ]
