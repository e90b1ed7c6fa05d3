"""What there is to tell of events and machines: each thing once, and nothing that is no news."""

from dataclasses import replace
from typing import Any

import pytest

from sojourn.monitor.news import Told, conditions, notices_of, stuck, stuck_key, unusable
from sojourn.states import FINAL, State
from sojourn.store.history import EventRecord
from sojourn.store.machines import NEEDS_LOGIN, OK, UNREACHABLE, MachineRecord
from sojourn.store.records import JobRecord
from sojourn.values.notification import Notice, Topic

EVENT = EventRecord(
    1, "a" * 64, "hpc", 1, 100.0, State.RUNNING, State.COMPLETED, "", 0, "poll", "", "fit"
)


def told(
    *events: EventRecord, asked_for: bool = False, retried: int = 1, since: float = 0.0
) -> list[Notice]:
    """What is told, if the job is in attempt `retried` now."""
    return notices_of(
        events,
        asked_for=lambda event: asked_for,
        retried=lambda event: retried > event.attempt,
        since=since,
    )


def machines(**states: tuple[str, float]) -> dict[str, MachineRecord]:
    return {
        name: MachineRecord(name, state=state, state_since=since, detail=f"{name}: no route")
        for name, (state, since) in states.items()
    }


@pytest.mark.parametrize("state", State)
def test_only_ends_are_told(state: State) -> None:
    notices = told(replace(EVENT, new=state, reason="why"))
    assert bool(notices) == (state in FINAL)
    for notice in notices:
        completed = state is State.COMPLETED
        assert notice.topic is (Topic.JOB_READY if completed else Topic.JOB_FAILED)
        assert (notice.subject, notice.detail, notice.at, notice.state) == (
            "fit", "why", 100.0, state.value,
        )  # fmt: skip


def test_a_job_of_a_workflow_is_progress() -> None:
    (notice,) = told(replace(EVENT, workflow="co2"))
    assert (notice.topic, notice.workflow) == (Topic.WORKFLOW_PROGRESS, "co2")
    (notice,) = told(replace(EVENT, workflow="co2", new=State.TIMEOUT))
    assert notice.topic is Topic.JOB_FAILED


def test_jobs_that_need_a_person_are_told_once_and_those_alike_together() -> None:
    jobs = [
        JobRecord(
            f"{n:064x}", "hpc", "", state=State.QUEUED, step="sim", workflow="w",
            never_starts=True, reason="can never start: PartitionTimeLimit",
        )
        for n in range(3)
    ]  # fmt: skip
    (notice,) = stuck(jobs, (), 5.0)
    assert (notice.topic, notice.subject) == (
        Topic.TROUBLE,
        "3 jobs of sim on hpc wait for a person",
    )
    assert "PartitionTimeLimit" in notice.detail
    assert "--update" in notice.detail
    assert stuck(jobs, {stuck_key(job) for job in jobs}, 6.0) == []


@pytest.mark.parametrize("source", ["cancel", "rebuild", "import"])
def test_what_the_user_did_is_no_news(source: str) -> None:
    assert told(replace(EVENT, source=source)) == []


def test_a_cancellation_is_news_unless_the_user_has_asked_for_it() -> None:
    cancelled = replace(EVENT, new=State.CANCELLED)
    assert told(cancelled, asked_for=True) == []
    assert [notice.topic for notice in told(cancelled)] == [Topic.JOB_FAILED]
    assert len(told(EVENT, asked_for=True)) == 1


def test_a_failure_that_was_retried_meanwhile_is_no_news() -> None:
    failed = replace(EVENT, new=State.FAILED)
    assert told(failed, retried=2) == []
    assert len(told(replace(failed, attempt=2), retried=2)) == 1


def test_old_things_are_no_news() -> None:
    assert told(EVENT, replace(EVENT, at=99.0), since=100.0) == told(EVENT)


def look(
    given: dict[str, MachineRecord], before: dict[str, Told], now: float, **more: Any
) -> tuple[list[Topic], dict[str, Told]]:
    wanted = more.pop("wanted", given)
    notices, after = conditions(given, before, wanted=wanted, now=now, after=900.0)
    return [notice.topic for notice in notices], after


def test_an_outage_is_told_when_it_is_long_once_and_so_is_its_end() -> None:
    down, up = machines(hpc=(UNREACHABLE, 1000.0)), machines(hpc=(OK, 5000.0))
    topics, known = look(down, {}, 1899.0)
    assert (topics, known) == ([], {})
    topics, known = look(down, known, 1900.0)
    assert topics == [Topic.MACHINE_UNREACHABLE]
    assert look(down, known, 4000.0) == ([], known)
    topics, known = look(up, known, 5000.0)
    assert (topics, known) == ([Topic.MACHINE_BACK], {})
    assert look(up, known, 6000.0) == ([], {})


def test_a_short_outage_is_not_told_at_all() -> None:
    _, known = look(machines(hpc=(UNREACHABLE, 1000.0)), {}, 1500.0)
    assert look(machines(hpc=(OK, 1600.0)), known, 1600.0) == ([], {})


def test_that_a_person_is_wanted_is_told_at_once_and_once_each_time() -> None:
    topics, known = look(machines(hpc=(NEEDS_LOGIN, 1000.0)), {}, 1000.0)
    assert topics == [Topic.MACHINE_LOGIN]
    assert look(machines(hpc=(NEEDS_LOGIN, 1000.0)), known, 9000.0) == ([], known)
    topics, _ = look(machines(hpc=(NEEDS_LOGIN, 9500.0)), known, 9500.0)
    assert topics == [Topic.MACHINE_LOGIN]


def test_an_outage_that_becomes_a_login_is_told_as_such() -> None:
    _, known = look(machines(hpc=(UNREACHABLE, 0.0)), {}, 1000.0)
    topics, _ = look(machines(hpc=(NEEDS_LOGIN, 1100.0)), known, 1100.0)
    assert topics == [Topic.MACHINE_LOGIN]


def test_machines_that_nothing_waits_for_are_no_news() -> None:
    down = machines(hpc=(NEEDS_LOGIN, 0.0), old=(UNREACHABLE, 0.0))
    assert look(down, {}, 9000.0, wanted=()) == ([], {})


def test_what_is_told_of_a_machine_names_it_once() -> None:
    notices, _ = conditions(
        machines(hpc=(NEEDS_LOGIN, 0.0)), {}, wanted=["hpc"], now=0.0, after=0.0
    )
    assert notices[0].detail == "no route; run `sojourn login hpc`, what waits goes on after that"


def test_a_machine_that_is_gone_from_the_configuration_is_told_with_its_new_name() -> None:
    known = {
        "old": MachineRecord("old", root_id="r1"),
        "new": MachineRecord("new", root_id="r1"),
        "other": MachineRecord("other", root_id="r2"),
    }
    notice = unusable("old", "there is no machine 'old'", 3, known, ["new", "other"], 1.0)
    assert notice.subject == "3 jobs are out on old, which cannot be asked"
    assert "nothing is lost" in notice.detail
    assert "It seems to be called new now" in notice.detail
    assert "`--on new`" in notice.detail
    kept = unusable("old", "its key is wrong", 1, known, ["old", "new"], 1.0)
    assert "seems to be called" not in kept.detail
    assert kept.subject.startswith("1 job is out")
