"""What cancelling, holding and releasing answer without asking, and what a check says of queues."""

import pytest

from sojourn.batch.changing import Change, is_foreign, settled
from sojourn.batch.checks import Queue, queue_lines, version_line
from sojourn.batch.scheduler import Took
from sojourn.values.messages import CheckLine, Phase, SchedulerWord
from sojourn.values.resources import Resources

WORDS = {phase.value: SchedulerWord(phase) for phase in Phase}


@pytest.mark.parametrize(
    ("what", "asked", "took"),
    [
        (Change.CANCEL, {"waiting", "held", "running", "unknown"}, {}),
        (Change.HOLD, {"waiting", "unknown"}, {"held": Took.DONE, "running": Took.REFUSED}),
        (
            Change.RELEASE,
            {"held", "unknown"},
            {"waiting": Took.DONE, "running": Took.DONE},
        ),
    ],
)
def test_every_phase(what: Change, asked: set[str], took: dict[str, Took]) -> None:
    answers, left = settled(what, WORDS, {}, lambda _: True)
    gone = {"ended": Took.FINISHED, "finishing": Took.FINISHED, "absent": Took.UNKNOWN}
    assert set(left) == asked
    assert {one: answer.took for one, answer in answers.items()} == gone | took
    assert all(answer.reason for answer in answers.values())


def test_what_is_no_id_is_never_asked_for() -> None:
    words = {
        "--all": SchedulerWord(Phase.UNKNOWN, reason="no id"),
        "7": SchedulerWord(Phase.WAITING),
    }
    answers, left = settled(Change.CANCEL, words, {}, str.isdigit)
    assert (answers["--all"].took, left) == (Took.UNKNOWN, ["7"])


@pytest.mark.parametrize("what", list(Change))
@pytest.mark.parametrize("phase", list(Phase))
def test_a_job_with_another_name_is_left_alone(what: Change, phase: Phase) -> None:
    words = {"7": SchedulerWord(phase, name="theirs")}
    answers, left = settled(what, words, {"7": "sj0123456789ab"}, str.isdigit)
    assert (answers["7"].took, left) == (Took.FOREIGN, [])
    assert "'theirs'" in answers["7"].reason


@pytest.mark.parametrize(("shown", "name"), [("", "sj1"), ("sj1", "sj1"), ("sj1", "")])
def test_a_name_that_is_not_shown_or_not_known_tells_nothing(shown: str, name: str) -> None:
    assert not is_foreign(SchedulerWord(Phase.RUNNING, name=shown), name)


QUEUES = {
    "long": Queue(True, "up", "UNLIMITED"),
    "short": Queue(True, "up", "1-00:00:00"),
    "off": Queue(False, "drained"),
}


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (["long", "short"], (True, "long: up; short: up", "")),
        (["off"], (False, "off: drained", "wait, or one of: long, short")),
        (["lnog"], (False, "no queue lnog", "did you mean 'long'?")),
        (["long", "off"], (False, "off: drained", "wait, or one of: long, short")),
        (
            [],
            (
                False,
                "none given, and there is no default queue",
                "set `queue` in the machine's `defaults`, one of: long, short",
            ),
        ),
    ],
)
def test_queues(wanted: list[str], line: tuple[bool, str, str]) -> None:
    assert queue_lines(Resources(), wanted, QUEUES) == [CheckLine("queue", *line)]
    if wanted:
        asked = Resources(queue=",".join(wanted))
        assert queue_lines(asked, [], QUEUES) == [CheckLine("queue", *line)]


def test_a_walltime_beyond_a_queues() -> None:
    defaults = Resources(queue="long,short", walltime="36h")
    _, line = queue_lines(defaults, [], QUEUES)
    told = "36:00:00 is more than short allows"
    assert line == CheckLine("walltime", False, told, "at most 1-00:00:00")
    assert len(queue_lines(Resources(walltime="24h"), ["short"], QUEUES)) == 1


@pytest.mark.parametrize(
    ("version", "ok"),
    [
        ("20.11.9", True),
        ("23.02", True),
        ("21", True),
        ("20.10", None),
        ("19.05", None),
        ("", None),
    ],
)
def test_versions(version: str, ok: bool | None) -> None:
    line = version_line("commands", version, (20, 11))
    assert line.ok is ok
    assert bool(line.advice) == (ok is None)
    assert line.detail
