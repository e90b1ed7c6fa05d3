"""The words of a message: short, printable, and however many jobs there are."""

from hypothesis import given
from hypothesis import strategies as st

from sojourn.notify.composing import MOST_LINES, compose
from sojourn.values.notification import Level, Notice, Topic


def failed(number: int, workflow: str = "", detail: str = "exit status 3") -> Notice:
    return Notice(
        Topic.JOB_FAILED,
        f"fit {number}",
        1.0,
        detail,
        workflow=workflow,
        machine="hpc",
        signature=f"{number:064x}",
        state="FAILED",
    )


def ready(number: int) -> Notice:
    return Notice(Topic.JOB_READY, f"fit {number}", 1.0, machine="hpc", signature=f"{number:064x}")


texts = st.text(max_size=30)
notices = st.builds(
    Notice,
    topic=st.sampled_from(Topic),
    subject=texts,
    at=st.just(1.0),
    detail=texts,
    workflow=texts,
    machine=texts,
    signature=st.text("0123456789abcdef", min_size=64, max_size=64),
    state=st.sampled_from(["FAILED", "TIMEOUT"]),
)


@given(st.lists(notices, min_size=1, max_size=60))
def test_every_message_is_short_and_printable_and_holds_all(given: list[Notice]) -> None:
    message = compose(given, 5.0)
    assert message is not None
    assert sorted(map(str, message.notices)) == sorted(map(str, given))
    lines = message.body.split("\n")
    assert len(lines) <= MOST_LINES
    assert all(line.isprintable() for line in [message.title, *lines])
    assert 0 < len(message.title) <= 120
    assert message.at == 5.0


def test_nothing_makes_no_message() -> None:
    assert compose([], 1.0) is None


def test_one_failure_is_told_with_its_reason() -> None:
    message = compose([failed(1)], 1.0)
    assert message is not None
    assert message.title == message.body == "job fit 1 (00000000) is FAILED: exit status 3"
    assert message.level is Level.FAILURE


def test_five_hundred_failures_of_a_workflow_are_one_line() -> None:
    message = compose([failed(n, "co2") for n in range(500)], 1.0)
    assert message is not None
    assert message.body == (
        "co2: 500 jobs did not end well (500 FAILED): "
        "fit 0 (00000000), fit 1 (00000000), fit 2 (00000000) and 497 more"
    )


def test_the_worst_comes_first_and_sets_the_level() -> None:
    login = Notice(Topic.MACHINE_LOGIN, "hpc", 1.0, "wants a one-time code")
    done = Notice(Topic.WORKFLOW_DONE, "co2", 1.0)
    message = compose([done, ready(1), login, failed(2), ready(3)], 1.0)
    assert message is not None
    assert message.level is Level.FAILURE
    assert message.title == (
        "1 job failed, 1 machine needs login, 1 workflow done, 2 jobs completed"
    )
    assert message.body.split("\n") == [
        "job fit 2 (00000000) is FAILED: exit status 3",
        "hpc needs login: wants a one-time code",
        "workflow co2 is done",
        "2 jobs have completed: fit 1 (00000000), fit 3 (00000000)",
    ]


def test_a_workflow_that_still_waits_has_not_failed() -> None:
    for state, said in (("suspended", "is not resumed"), ("", "failed")):
        notice = Notice(Topic.WORKFLOW_FAILED, "co2", 1.0, "its script has changed", state=state)
        message = compose([notice], 1.0)
        assert message is not None
        assert message.title == f"workflow co2 {said}: its script has changed"


def test_words_of_jobs_steer_no_terminal() -> None:
    message = compose([failed(1, detail="\x1b]0;pwned\x07\nsecond\udcff")], 1.0)
    assert message is not None
    assert message.body.endswith("is FAILED: ?]0;pwned? second?")


def test_a_message_goes_into_json() -> None:
    import json

    message = compose([failed(1), ready(2)], 1.0)
    assert message is not None
    told = json.loads(json.dumps(message.to_json()))
    assert [one["topic"] for one in told["notices"]] == ["job-failed", "job-ready"]
    assert told["level"] == "failure"
