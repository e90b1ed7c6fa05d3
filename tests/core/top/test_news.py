"""What is notified of, in as few lines as can be."""

from sojourn.states import State
from sojourn.store.history import EventRecord
from sojourn.top.news import news


def event(number: int, new: State, **values: str) -> EventRecord:
    return EventRecord(
        number, f"{number:064x}", "hpc", 1, 0.0, State.RUNNING, new, values.get("reason", ""),
        None, "poll", "", values.get("name", f"job {number}"), values.get("workflow", ""),
    )  # fmt: skip


def test_only_ends_are_told() -> None:
    assert news([event(1, State.RUNNING), event(2, State.QUEUED)]) == []


def test_a_few_by_name_many_together() -> None:
    told = news(
        [event(n, State.COMPLETED) for n in range(500)]
        + [event(900, State.FAILED, reason="exit code 1", workflow="co2")]
    )
    assert [(one.text, one.bad) for one in told] == [
        ("500 jobs are COMPLETED", False),
        ("job 900 of co2 on hpc is FAILED: exit code 1", True),
    ]


def test_a_job_that_goes_on_is_told_as_it_is_now() -> None:
    first = event(1, State.LOST)
    late = EventRecord(
        2, first.signature, "hpc", 1, 0.0, State.LOST, State.COMPLETED, "", 0, "", ""
    )
    assert [one.text for one in news([first, late])] == [
        f"{first.signature[:8]} on hpc is COMPLETED"
    ]
