"""Whether a workflow may be run again, when, and what a resume has come to."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import NeedsConfirmation, NotPossible
from sojourn.monitor.child import judge
from sojourn.monitor.resuming import MOST_FAILURES, command_of, given_up, may_try, pause_after
from sojourn.store.plans import WorkflowRecord

Make = Callable[..., WorkflowRecord]
TEXT = "print('hello')\n"


@pytest.fixture
def recorded(tmp_path: Path) -> Make:
    """A workflow as `sojourn run` records it."""
    script = tmp_path / "a script.py"
    script.write_text(TEXT)
    record = WorkflowRecord(
        "co2",
        script=str(script),
        arguments=json.dumps(["--seed", "3"]),
        directory=str(tmp_path),
        environment=json.dumps(["PATH", "DATA"]),
        script_digest=hashlib.sha256(TEXT.encode()).hexdigest(),
        interpreter=sys.executable,
        options=json.dumps(["--on", "hpc"]),
        status="suspended",
        suspended_on=("a" * 64,),
        last_run_at=100.0,
    )
    return lambda **fields: replace(record, **fields)


def test_it_is_run_as_it_was(recorded: Make, tmp_path: Path) -> None:
    command = command_of(recorded(), environ={"DATA": "x"})
    script = str(tmp_path / "a script.py")
    assert command.interpreter == sys.executable
    assert command.arguments == ("run", "--on", "hpc", "--", script, "--seed", "3")
    assert command.directory == str(tmp_path)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"script": ""}, "was not run by `sojourn run`"),
        ({"script": "/no/such/script.py"}, "cannot be read: /no/such/script.py: No such file"),
        ({"directory": "/no/such/place"}, "was run in /no/such/place, which is not there"),
        ({"interpreter": "/no/such/python"}, "was run by /no/such/python, which is not there"),
        ({"interpreter": ""}, "was run by an unknown Python"),
        ({"environment": '["NOWHERE", "DATA", "NEITHER"]'}, "needs NOWHERE, NEITHER, which are"),
    ],
)
def test_what_is_missing_is_a_clear_error(
    recorded: Make, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(NotPossible) as caught:
        command_of(recorded(**fields), environ={"DATA": "x"})
    assert said in str(caught.value)
    assert caught.value.hint


def test_a_changed_script_is_not_run_without_being_asked(recorded: Make) -> None:
    record = recorded(environment="[]")
    Path(record.script).write_text(TEXT + "# changed\n")
    with pytest.raises(NeedsConfirmation, match="has changed since workflow co2") as caught:
        command_of(record)
    assert "--accept-script-change" in caught.value.hint
    assert command_of(record, accept_script_change=True).arguments


def test_pauses_grow_and_end(recorded: Make) -> None:
    assert [pause_after(n) for n in range(4)] == [0.0, 60.0, 240.0, 960.0]
    assert not given_up(recorded(resume_failures=MOST_FAILURES - 1))
    assert given_up(recorded(resume_failures=MOST_FAILURES))


@given(st.integers(0, 10), st.floats(0, 1e6), st.floats(-1e6, 2e6))
def test_a_failed_workflow_is_left_alone_for_a_while(
    failures: int, resumed_at: float, now: float
) -> None:
    record = WorkflowRecord("w", resume_failures=failures, resumed_at=resumed_at)
    allowed = may_try(record, now)
    if failures >= MOST_FAILURES:
        assert not allowed
    elif failures == 0 or resumed_at > now:  # the clock was set back
        assert allowed
    else:
        assert allowed == (now - resumed_at >= pause_after(failures))


# --- what a resume has come to ------------------------------------------------------------------


def after(record: WorkflowRecord, **fields: Any) -> WorkflowRecord:
    return replace(record, **{"last_run_at": 200.0, **fields})


def test_done_and_suspended_again_are_successes(recorded: Make) -> None:
    before = recorded(resume_failures=2)
    done = after(before, status="done", suspended_on=())
    assert judge(before, done, 0, stuck=False, said="").failures == 0
    again = after(before, suspended_on=("b" * 64,))
    assert judge(before, again, 75, stuck=False, said="").failures == 0
    assert judge(before, again, 75, stuck=True, said="").failures == 0


def test_waiting_for_the_same_jobs_that_have_ended_is_a_failure(recorded: Make) -> None:
    before = recorded()
    outcome = judge(before, after(before), 75, stuck=True, said="")
    assert outcome.failures == 1
    assert "came no further" in outcome.detail
    assert judge(before, after(before), 75, stuck=False, said="").failures == 0


@pytest.mark.parametrize("exit_status", [0, 75])
def test_a_script_without_its_workflow_is_a_failure(recorded: Make, exit_status: int) -> None:
    before = recorded()
    outcome = judge(before, before, exit_status, stuck=True, said="")
    assert outcome.failures == 1
    assert "does not run a workflow of this name" in outcome.detail


def test_a_script_that_breaks_is_a_failure_and_is_still_to_be_resumed(recorded: Make) -> None:
    before = recorded(resume_failures=1)
    outcome = judge(before, after(before, status="running"), 1, stuck=False, said="ValueError: x")
    assert (outcome.failures, outcome.detail, outcome.status) == (2, "ValueError: x", "suspended")
    outcome = judge(before, before, 1, stuck=False, said="")
    assert (outcome.failures, outcome.detail, outcome.status) == (
        2,
        "ended with exit status 1",
        None,
    )


def test_a_workflow_that_fails_tells_why_itself(recorded: Make) -> None:
    before = recorded()
    failed = after(before, status="failed", detail="2 jobs failed", suspended_on=())
    outcome = judge(before, failed, 1, stuck=False, said="a hint")
    assert (outcome.failures, outcome.detail, outcome.status) == (1, "2 jobs failed", None)


def test_an_interruption_is_no_failure(recorded: Make) -> None:
    before = recorded(resume_failures=1)
    outcome = judge(before, after(before, status="running"), 130, stuck=False, said="interrupted")
    assert (outcome.failures, outcome.status) == (1, "suspended")
