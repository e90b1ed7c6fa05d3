"""Cancelling, holding and releasing: as it was with a real Slurm, and what can go wrong."""

from collections.abc import Mapping, Sequence

import pytest

from sojourn.batch.scheduler import CommandResult, Conversation, Response, Took
from sojourn.errors import SchedulerUnavailable
from sojourn_slurm.scheduler import Slurm
from sojourn_slurm.site import SlurmOptions
from tests.slurm.recorded import answered, capture, replayed, steps

WITH = Slurm(SlurmOptions(accounting="on"))
PLAIN = Slurm(SlurmOptions(accounting="off"))
PENDING = "7|PENDING|10|N/A|N/A|0||Priority|sj1|\n"
RUNNING = "8|RUNNING|10|20|30|0|n1|None|sj1|\n"
HELD = "9|PENDING|10|N/A|N/A|0||JobHeldUser|sj1|\n"
ENDED = "6|COMPLETED|10|20|30|0|n1|None|sj1|\n"
QUIET = CommandResult(0, "", "")
DONE, FINISHED, UNKNOWN, REFUSED, FOREIGN = Took
Talk = Conversation[Mapping[str, Response]]


def cancel(site: Slurm, ids: Sequence[str]) -> Talk:
    return site.cancel(dict.fromkeys(ids, ""))


def hold(site: Slurm, ids: Sequence[str]) -> Talk:
    return site.hold(dict.fromkeys(ids, ""))


def release(site: Slurm, ids: Sequence[str]) -> Talk:
    return site.release(dict.fromkeys(ids, ""))


def tasks(*indices: int) -> list[str]:
    return [f"4_{index}" for index in indices]


def test_cancel_as_it_was() -> None:
    responses = replayed(cancel(WITH, [*tasks(5, 6, 7), "2", "99999"]), "o-cancel")
    took = {one: response.took for one, response in responses.items()}
    assert took == {"2": took["2"], "99999": UNKNOWN, **dict.fromkeys(tasks(5, 6, 7), DONE)}
    assert took["2"] in (DONE, FINISHED)


def test_cancelling_the_jobs_of_others() -> None:
    responses = replayed(cancel(WITH, tasks(1, 3, 8)), "o-cancel-other-user")
    assert {(r.took, r.reason) for r in responses.values()} == {
        (REFUSED, "Access/permission denied")
    }
    assert responses.keys() == set(tasks(1, 3, 8))


def test_hold_and_release_as_they_were() -> None:
    released = replayed(release(WITH, tasks(1, 2)), "o-release")
    assert {response.took for response in released.values()} == {DONE}
    held = replayed(hold(WITH, ["4_1", "3", "1"]), "o-hold")
    assert (held["4_1"].took, held["3"].took) == (REFUSED, FINISHED)


def test_releasing_the_jobs_of_others() -> None:
    responses = replayed(release(WITH, tasks(3, 4, 8)), "o-release-other-user")
    assert {(r.took, r.reason) for r in responses.values()} == {(REFUSED, "Invalid user id")}


def test_cancel_without_a_controller() -> None:
    with pytest.raises(SchedulerUnavailable, match="Unable to contact"):
        replayed(cancel(WITH, ["1_1", "2", "99999"]), "o-cancel-controller-down")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("o-scancel-controller-down", "Unable to contact"),
        ("o-scontrol-controller-down", "Unexpected message"),
    ],
)
def test_a_controller_that_goes_away_in_between(name: str, words: str) -> None:
    ((_, gone),) = steps(name)
    with pytest.raises(SchedulerUnavailable, match=words):
        answered(cancel(PLAIN, ["7", "8"]), PENDING + RUNNING, gone)


def test_cancel_tells_what_had_ended_and_asks_for_the_rest() -> None:
    responses, asked = answered(
        cancel(PLAIN, ["6", "7", "8", "9", "99"]),
        ENDED + PENDING + RUNNING + HELD,
        QUIET,
    )
    assert {one: response.took for one, response in responses.items()} == {
        "6": FINISHED,
        "99": UNKNOWN,
        **dict.fromkeys(("7", "8", "9"), DONE),
    }
    assert asked[1] == "scancel 7 8 9"


def test_nothing_is_asked_of_slurm_when_nothing_is_left() -> None:
    _, asked = answered(cancel(PLAIN, ["6", "99"]), ENDED)
    assert len(asked) == 1


def test_a_job_that_ends_meanwhile() -> None:
    late = capture("b-scancel-finished-verbose")
    responses, _ = answered(cancel(PLAIN, ["7"]), PENDING, late)
    assert responses["7"].took is FINISHED


def test_one_complaint_does_not_touch_the_others() -> None:
    other = capture("b-scancel-otheruser")  # job 37
    lines = PENDING + PENDING.replace("7|", "37|", 1)
    responses, _ = answered(cancel(PLAIN, ["7", "37"]), lines, other)
    assert (responses["7"].took, responses["37"].took) == (DONE, REFUSED)


def test_a_refusal_that_names_no_job_is_everybodys() -> None:
    odd = CommandResult(1, "", "scancel: error: the site says no\n")
    responses, _ = answered(cancel(PLAIN, ["7", "8"]), PENDING + RUNNING, odd)
    assert {(r.took, r.reason) for r in responses.values()} == {(REFUSED, "the site says no")}


def test_hold_asks_only_about_what_waits() -> None:
    responses, asked = answered(
        hold(PLAIN, ["6", "7", "8", "9"]), ENDED + PENDING + RUNNING + HELD, QUIET
    )
    assert {one: response.took for one, response in responses.items()} == {
        "6": FINISHED,
        "7": DONE,
        "8": REFUSED,
        "9": DONE,
    }
    assert asked[1] == "scontrol hold 7"


def test_release_asks_only_about_what_is_held() -> None:
    responses, asked = answered(
        release(PLAIN, ["6", "7", "8", "9"]), ENDED + PENDING + RUNNING + HELD, QUIET
    )
    assert {one: response.took for one, response in responses.items()} == {
        "6": FINISHED,
        "7": DONE,
        "8": DONE,
        "9": DONE,
    }
    assert asked[1] == "scontrol release 9"


def test_a_job_that_went_away_between_look_and_hold() -> None:
    gone = capture("b-scontrol-hold-unknown")  # job 99999
    responses, _ = answered(hold(PLAIN, ["99999"]), PENDING.replace("7|", "99999|", 1), gone)
    assert responses["99999"].took is UNKNOWN


def test_hundreds_of_tasks_are_one_word() -> None:
    ids = [f"5_{index}" for index in range(1000)]
    lines = "".join(f"{one}|PENDING|10|N/A|N/A|0||Priority|\n" for one in ids)
    responses, asked = answered(cancel(PLAIN, ids), lines, QUIET)
    assert asked[1] == "scancel '5_[0-999]'"
    assert len(responses) == 1000


def test_an_id_that_is_none_is_never_put_on_a_command_line() -> None:
    responses, asked = answered(cancel(PLAIN, ["--user=root", "*"]))
    assert {response.took for response in responses.values()} == {UNKNOWN}
    assert asked == []
