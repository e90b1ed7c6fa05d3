"""A second computer, with the same root, sees the newest attempt, its result and its history."""

from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, JobFailed, JobSuspended, Workflow, WorkflowSuspended, job, step
from sojourn.cli.treelines import plan_lines
from sojourn.session.rebuilding import rebuild
from sojourn.session.session import Session
from sojourn.states import State
from sojourn.store.records import JobRecord
from sojourn.tickets.exporting import make_ticket
from sojourn.tickets.importing import match, take_in
from sojourn.tickets.ticket import read_ticket
from sojourn.workflow.report import NodeState
from sojourn.workflow.settings import DryRun
from tests.core.workflow.place import Place


@pytest.fixture
def first(tmp_path: Path) -> Place:
    """The computer that submits and retries."""
    return Place(tmp_path / "place")


@pytest.fixture
def second(first: Place) -> Place:
    """Another one, with the same machine and a home of its own."""
    return Place(first.folder, "two")


def flaky(place: Place) -> Job:
    """A job that fails the first time."""
    mark = place.folder / "tried"
    command = f"test -e {mark} || {{ touch {mark}; exit 3; }}; echo good >out"
    return Job(command=command, outputs=["out"], name="flaky")


def fail(place: Place) -> JobRecord:
    with place.session() as session, pytest.raises(JobSuspended):
        session.run(flaky(place))
    (record,) = place.all_ended()
    assert (record.state, record.attempt) == (State.FAILED, 1)
    return record


def retry(place: Place, record: JobRecord) -> None:
    with place.session() as session:
        session.retry([record])


def fail_and_retry(place: Place) -> None:
    retry(place, fail(place))
    (record,) = place.all_ended()
    assert (record.state, record.attempt) == (State.COMPLETED, 2)


def history(place: Place) -> list[tuple[int, State, int | None]]:
    with place.session() as session:
        (record,) = session.store.select()
        attempts = session.store.attempts(record.signature, record.machine)
    return [(one.attempt, one.state, one.exit_code) for one in attempts]


WHOLE = [(1, State.FAILED, 3), (2, State.COMPLETED, 0)]


def test_the_newest_attempt_is_adopted_with_its_history(first: Place, second: Place) -> None:
    fail_and_retry(first)
    with second.session() as session:
        result = session.run(flaky(first))  # at once: nothing is said to be queued
    assert result["out"].read_text() == "good\n"
    assert result.manifest.attempt == 2
    assert history(second) == WHOLE


def test_what_another_computer_retries_later_is_seen_too(first: Place, second: Place) -> None:
    """A shared root: both know of attempt 1, and only one has retried it."""
    failed = fail(first)
    with second.session() as session, pytest.raises(JobFailed):
        session.run(flaky(first))
    retry(first, failed)
    first.all_ended()
    with second.session() as session:
        assert session.run(flaky(first)).manifest.attempt == 2
    assert history(second) == WHOLE


def test_a_failure_that_nobody_has_retried_is_told_with_its_reason(
    first: Place, second: Place
) -> None:
    fail(first)
    with second.session() as session, pytest.raises(JobFailed, match="exit status 3"):
        session.run(flaky(first))
    assert history(second) == WHOLE[:1]


def test_an_attempt_that_still_runs_is_followed(first: Place, second: Place) -> None:
    go = first.folder / "go"
    slow = Job(command=f"until test -e {go}; do sleep 0.1; done", name="slow")
    with first.session() as session, pytest.raises(JobSuspended):
        session.run(slow)
    with second.session() as session, pytest.raises(JobSuspended):
        session.run(slow)
    go.touch()
    (record,) = second.all_ended()
    assert record.state is State.COMPLETED


def test_a_rebuilt_store_has_the_newest_attempt_and_what_came_since(
    first: Place, second: Place
) -> None:
    failed = fail(first)
    with second.session() as session:
        rebuild(session, "here")
    assert history(second) == WHOLE[:1]
    retry(first, failed)
    first.all_ended()
    with second.session() as session:
        found = rebuild(session, "here")
        assert [(one.state, one.attempt) for one in found.renewed] == [(State.COMPLETED, 2)]
        assert found.added == []
    assert history(second) == WHOLE


def bring(text: str, session: Session) -> None:
    """Import a ticket."""
    ticket = read_ticket(text, "the ticket")
    take_in(ticket, match(ticket, session.machines, session.store), session.store)


def test_a_ticket_of_an_earlier_attempt_does_not_hide_the_newest(
    first: Place, second: Place
) -> None:
    failed = fail(first)
    with first.session() as session:
        ticket = make_ticket([failed], session.machines, session.store).model_dump_json()
    retry(first, failed)
    first.all_ended()
    with second.session() as session:
        bring(ticket, session)
        assert session.run(flaky(first)).manifest.attempt == 2
    assert history(second) == WHOLE


def test_a_ticket_of_the_newest_attempt_brings_its_result(first: Place, second: Place) -> None:
    fail_and_retry(first)
    with first.session() as session:
        made = make_ticket(session.store.select(), session.machines, session.store)
    with second.session() as session:
        bring(made.model_dump_json(), session)
        assert session.run(flaky(first)).manifest.attempt == 2


@job(outputs=["out"])
def number(at: int) -> Job:
    return Job(command=f"echo {at} >out")


@job(outputs=["out"])
def again(given: Any) -> Job:
    return Job(command="cp in out", inputs={"in": given})


@step
def prepare() -> dict[str, int]:
    return {"a": 1}


@step
def total(files: list[Path], given: dict[str, int]) -> int:
    return len(files) + given["a"]


def flow(extra: int = 0) -> None:
    with Workflow("w") as running:
        running.map(number, range(3 + extra))
        again(prepare())


def test_a_workflow_s_tree_counts_what_was_done_long_ago_as_done(
    first: Place, second: Place
) -> None:
    first.finish(flow)
    with second.running():
        flow()
    assert set(second.states().values()) <= {NodeState.DONE, NodeState.UNNEEDED}
    assert second.reports[-1].nodes[0].reason == "3 of 3 done"
    shown = {node.state for report in second.reports for node in report.walk()}
    assert not shown & {NodeState.SUBMITTED, NodeState.QUEUED}


def test_only_what_is_new_is_said_to_be_submitted(first: Place, second: Place) -> None:
    first.finish(flow)
    with second.running(), pytest.raises(WorkflowSuspended):
        flow(1)
    states = second.states()
    assert states["number[3]"] is NodeState.SUBMITTED
    assert [states[f"number[{at}]"] for at in range(3)] == [NodeState.DONE] * 3
    second.all_ended()


def test_steps_that_are_called_again_are_named_before(first: Place, second: Place) -> None:
    """Once, and not on the computer that remembers their values."""

    def with_steps(extra: int = 0) -> None:
        with Workflow("w") as running:
            total(running.map(number, range(2 + extra)), prepare())

    first.finish(with_steps)
    with second.running(dry_run=True), pytest.raises(DryRun) as caught:
        with_steps()
    assert caught.value.report.plan.called_again == ("prepare", "total")
    assert any("another computer" in line for line in plan_lines(caught.value.report.plan))
    second.finish(with_steps)
    said = [line for line in (*first.lines, *second.lines) if "does not remember" in line]
    assert said == [
        "steps prepare, total are called here: this computer does not remember their values"
    ]
    second.lines.clear()
    second.finish(lambda: with_steps(1))
    assert not [line for line in second.lines if "does not remember" in line]
