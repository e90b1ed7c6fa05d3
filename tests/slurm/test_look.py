"""Looking: which source is believed, and whole conversations as they were with a real Slurm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.commands import LONGEST
from sojourn.batch.scheduler import CommandResult, QueueEntry
from sojourn.errors import SchedulerUnavailable
from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord
from sojourn_slurm import Slurm, SlurmOptions, look, sacct, squeue
from sojourn_slurm.commands import MOST
from tests.slurm.recorded import answered, capture, replayed, sacct_lines, squeue_lines

WITH = Slurm(SlurmOptions(accounting="on"))
WITHOUT = Slurm(SlurmOptions(accounting="off"))
UNSURE = Slurm()
DOWN = capture("d-ctld-squeue-j")
NO_RECORDS = capture("d-dbd-sacct")
OFF = capture("a-sacct-off")
UNKNOWN_ID = capture("b-squeue-unknown")


def shown(job: str, state: str, reason: str = "None", end: str = "30") -> str:
    """A line of squeue."""
    return f"{job}|{state}|10|20|{end}|0|n1|{reason}|sj1|"


def record(job: str, state: str, status: str = "0:0", end: str = "30") -> str:
    """A line of sacct."""
    return f"{job}|{state}|{status}|10|20|{end}|10|00:05|2||n1|sj1"


def settled(job: str, queue: str | CommandResult, records: str | CommandResult) -> SchedulerWord:
    """The word on one job, where both sources are asked."""
    words, _ = answered(WITH.look([job]), queue, records)
    return words[job]


def test_a_task_cancelled_while_it_waited_leaves_no_record() -> None:
    words, _ = answered(WITH.look(["4_6"]), shown("4_1", "RUNNING"), record("4_1", "RUNNING"))
    assert words["4_6"].phase is Phase.ABSENT
    assert "leaves no record" in words["4_6"].reason


# --- with the controller ----------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["PENDING", "RUNNING", "COMPLETING", "REQUEUED", "WHATEVER"])
def test_what_the_controller_shows_alive_is_not_asked_for_again(state: str) -> None:
    words, asked = answered(WITH.look(["7"]), shown("7", state))
    assert words["7"].native == state
    assert len(asked) == 1


def test_the_end_is_completed_from_the_accounting() -> None:
    word = settled("7", shown("7", "FAILED", "NonZeroExitCode"), record("7", "FAILED", "3:0"))
    assert word.usage is not None
    assert (word.exit_code, word.reason, word.usage.elapsed) == (3, "NonZeroExitCode", 10.0)
    assert word.raw.count("\n") == 1


@pytest.mark.parametrize("late", ["RUNNING", "PENDING", "REQUEUED", "NODE_FAIL"])
def test_a_record_that_lags_changes_nothing(late: str) -> None:
    word = settled("7", shown("7", "COMPLETED"), record("7", late))
    assert (word.outcome, word.usage) == (State.COMPLETED, None)


def test_a_job_in_the_queue_again_is_not_final_whatever_is_recorded() -> None:
    words, asked = answered(
        WITH.look(["46", "47"]),
        squeue_lines("b-nodefail-squeue"),
        sacct_lines("b-nodefail-sacct"),
    )
    assert words["46"].outcome is State.NODE_FAIL
    assert (words["47"].phase, words["47"].reason) == (Phase.WAITING, "BeginTime")
    assert asked[1].endswith("--jobs=46")


def test_an_unknown_id_is_no_outage() -> None:
    words, _ = answered(WITHOUT.look(["99999"]), UNKNOWN_ID)
    assert words["99999"].phase is Phase.ABSENT


def test_what_the_controller_has_forgotten_the_accounting_knows() -> None:
    word = settled("11_4", capture("b-purged-squeue"), sacct_lines("b-purged-sacct"))
    assert (word.outcome, word.exit_code) == (State.FAILED, 7)


@pytest.mark.parametrize("left", ["RUNNING", "PENDING", "REQUEUED"])
def test_a_record_without_an_end_is_not_alive(left: str) -> None:
    word = settled("7", UNKNOWN_ID, record("7", left, end="Unknown"))
    assert (word.phase, word.native) == (Phase.ABSENT, left)
    assert left in word.reason


def test_ended_but_nobody_knows_when() -> None:
    word = settled("58", UNKNOWN_ID, sacct_lines("d-dbd-back-sacct"))
    assert (word.outcome, word.finished_at) == (State.COMPLETED, None)


def test_without_the_accounting_that_should_be_there_nothing_is_absent() -> None:
    word = settled("7", UNKNOWN_ID, NO_RECORDS)
    assert word.phase is Phase.UNKNOWN
    assert "Connection refused" in word.reason


def test_an_accounting_that_is_off_is_not_missed() -> None:
    words, _ = answered(UNSURE.look(["7"]), UNKNOWN_ID, OFF)
    assert words["7"].phase is Phase.ABSENT


def test_a_task_that_was_cancelled_while_it_waited_leaves_nothing_but_its_array() -> None:
    words, _ = answered(
        WITH.look(["38_5", "38_6"]),
        squeue_lines("b-array-scancel-task-squeue"),
        sacct_lines("b-array-pending-sacct"),
    )
    assert words["38_5"].phase is Phase.WAITING
    assert words["38_6"].phase is Phase.ABSENT


def test_a_whole_array_is_not_taken_for_absent() -> None:
    words, _ = answered(
        WITH.look(["38"]),
        squeue_lines("b-array-pending-squeue"),
        sacct_lines("b-array-pending-sacct"),
    )
    assert words["38"].phase is Phase.UNKNOWN


# --- without the controller --------------------------------------------------------------------------


def test_final_records_count_while_the_controller_is_down() -> None:
    words, _ = answered(WITH.look(["7", "8"]), DOWN, f"{record('7', 'FAILED', '1:0')}\n")
    assert words["7"].outcome is State.FAILED
    assert words["8"].phase is Phase.UNKNOWN
    assert "Unable to contact" in words["8"].reason


@pytest.mark.parametrize(
    "line",
    [
        "",
        record("7", "RUNNING", end="Unknown"),
        record("7", "COMPLETED", end="Unknown"),  # seen after an outage
        record("7", "NODE_FAIL"),  # may be started again
        record("7", "PREEMPTED"),
        record("7", "REQUEUED"),
    ],
)
def test_no_dependable_answer_is_an_outage(line: str) -> None:
    with pytest.raises(SchedulerUnavailable, match="Unable to contact"):
        answered(WITH.look(["7"]), DOWN, line)


def test_without_accounting_an_outage_is_an_outage() -> None:
    with pytest.raises(SchedulerUnavailable, match="Unable to contact"):
        answered(WITHOUT.look(["7"]), DOWN)
    with pytest.raises(SchedulerUnavailable, match="Unable to contact"):
        answered(UNSURE.look(["7"]), DOWN, OFF)


def test_no_commands_at_all() -> None:
    gone = CommandResult(127, "", "sh: squeue: not found\n")
    with pytest.raises(SchedulerUnavailable, match="squeue: not found"):
        answered(WITHOUT.look(["7"]), gone)


def test_munge_is_an_outage() -> None:
    with pytest.raises(SchedulerUnavailable, match="munged"):
        answered(WITH.look(["48"]), capture("d-munge-squeue"), capture("d-munge-sacct"))


# --- many ids ------------------------------------------------------------------------------------------


def test_nothing_to_ask() -> None:
    assert answered(WITH.look([])) == ({}, [])


def test_what_is_no_id_is_answered_without_asking() -> None:
    words, asked = answered(WITH.look(["", "abc", "7; rm"]))
    assert {word.phase for word in words.values()} == {Phase.UNKNOWN}
    assert len(words) == 3
    assert asked == []


def test_an_array_is_asked_about_once() -> None:
    ids = [f"38_{index}" for index in range(1000)]
    lines = "\n".join(shown(one, "RUNNING") for one in ids)
    words, asked = answered(WITH.look(ids), lines)
    assert asked[0].endswith("--jobs=38")
    assert all(words[one].phase is Phase.RUNNING for one in ids)


def test_many_jobs_are_asked_about_in_pieces() -> None:
    ids = [str(number) for number in range(1_000_000, 1_000_000 + 2 * MOST + 1)]
    piece = "\n".join(shown(one, "PENDING") for one in ids)
    words, asked = answered(WITH.look(ids), piece, "", "")
    assert len(words) == len(ids)
    assert all(len(one.rpartition("--jobs=")[2]) <= LONGEST for one in asked)


numbers = st.integers(1, 30)
wanted = st.lists(
    st.one_of(
        numbers.map(str),
        st.tuples(numbers, numbers).map(lambda pair: f"{pair[0]}_{pair[1]}"),
        st.text(max_size=5),
    ),
    max_size=12,
)
states = st.sampled_from(["PENDING", "RUNNING", "COMPLETED", "NODE_FAIL", "REVOKED", "REQUEUED"])
printed = st.one_of(
    numbers.map(str),
    st.tuples(numbers, numbers).map(lambda pair: f"{pair[0]}_{pair[1]}"),
    st.tuples(numbers, numbers, numbers).map(lambda t: f"{t[0]}_[{t[1]}-{t[1] + t[2]}%2]"),
)


@given(
    wanted,
    st.lists(st.builds(shown, printed, states), max_size=8).map("\n".join) | st.text(max_size=80),
    st.lists(st.builds(record, printed, states), max_size=8).map("\n".join) | st.text(max_size=80),
    st.booleans(),
    st.booleans(),
)
def test_every_id_is_answered(
    ids: list[str], queue: str, records: str, up: bool, recording: bool
) -> None:
    queued = look.Source(squeue.read(queue), "" if up else "down")
    recorded = look.Source(sacct.read(records), "" if recording else "off")
    for one in ids:
        word = look.settle(one, queued, recorded)
        assert (word.outcome is not None) == (word.phase is Phase.ENDED)
        if word.phase is Phase.ABSENT:
            assert up
            assert recording or recorded.answers.get(one) is None or word.native
    outcomes = [CommandResult(0 if up else 1, queue, ""), CommandResult(1 - recording, records, "")]
    conversation = WITH.look(ids)
    said: object = None
    try:
        next(conversation)
        for outcome in outcomes:
            conversation.send(outcome)
    except StopIteration as end:
        said = end.value.keys()
    except SchedulerUnavailable:
        said = None
    assert said == set(ids) or (said is None and not up)


# --- as it was -------------------------------------------------------------------------------------------


IDS = [*(f"1_{n}" for n in range(4)), "2", "3", "5", "6", "99999", *(f"4_{n}" for n in range(10))]
E, H, A = Phase.ENDED, Phase.HELD, Phase.ABSENT


def test_a_real_queue() -> None:
    words = replayed(WITH.look(IDS), "o-look-late")
    assert {one: (word.phase, word.outcome, word.exit_code) for one, word in words.items()} == {
        "1_0": (E, State.COMPLETED, 0),
        "1_1": (E, State.FAILED, 1),
        "1_2": (E, State.FAILED, 2),
        "1_3": (E, State.FAILED, 3),
        "2": (E, State.FAILED, 3),
        "3": (E, State.COMPLETED, 0),
        "5": (Phase.WAITING, None, None),
        "6": (E, State.FAILED, None),
        "99999": (A, None, None),
        **{f"4_{n}": (H, None, None) for n in (0, 3, 4, 8, 9)},
        **{f"4_{n}": (Phase.RUNNING, None, None) for n in (1, 2)},
        **{f"4_{n}": (A, None, None) for n in (5, 6, 7)},  # cancelled while they waited
    }
    assert words["5"].never.startswith("PartitionTimeLimit: ")
    assert words["6"].signal == 9
    assert "the queue does not hold it" in words["4_6"].reason  # its record lags
    assert words["1_1"].usage is not None
    assert (words["1_1"].usage.max_memory or 0) > 2_000_000


def test_a_real_queue_just_after_submission() -> None:
    words = replayed(WITH.look(IDS), "o-look-early")
    assert {words[f"1_{n}"].phase for n in range(4)} <= {Phase.RUNNING, Phase.WAITING}
    assert (words["3"].phase, words["3"].reason) == (Phase.WAITING, "Dependency")


def test_what_is_left_when_the_controller_has_forgotten() -> None:
    words = replayed(WITH.look(IDS), "o-look-purged")
    assert {words[f"1_{n}"].outcome for n in (1, 2, 3)} == {State.FAILED}
    assert words["3"].outcome is State.COMPLETED
    assert {words[f"4_{n}"].outcome for n in (0, 1, 2, 3, 4, 8, 9)} == {State.CANCELLED}
    assert {words[f"4_{n}"].phase for n in (5, 6, 7)} == {A}
    assert words["5"].usage is None, "it never ran"


def test_what_is_known_with_the_controller_down() -> None:
    words = replayed(WITH.look(["1_1", "2", "99999"]), "o-look-controller-down")
    assert words["1_1"].outcome is State.FAILED
    assert words["2"].outcome is State.FAILED
    assert words["99999"].phase is Phase.UNKNOWN


def test_a_real_search() -> None:
    entries = replayed(WITH.search(["sj0123456789ab", "sjnosuch"]), "o-search")
    assert QueueEntry("sj0123456789ab", "2") in entries
    assert QueueEntry("sj0123456789ab", "4", 9) in entries
    assert {entry.name for entry in entries} == {"sj0123456789ab"}


def test_a_search_that_could_not_be_made() -> None:
    with pytest.raises(SchedulerUnavailable, match="Unable to contact"):
        replayed(WITH.search(["sj0123456789ab"]), "o-search-controller-down")


def test_what_ended_long_ago_is_found_in_the_accounting() -> None:
    entries, asked = answered(
        UNSURE.search(["sja", "sjb"]), "5|sja|\n", "7_[0-1]|sjb\n8|sjc\nnonsense\n"
    )
    assert entries == [
        QueueEntry("sja", "5"),
        QueueEntry("sjb", "7", 0),
        QueueEntry("sjb", "7", 1),
    ]
    assert "--me" in asked[0]
    assert asked[1].endswith("--name=sjb")


def test_a_search_does_without_the_accounting() -> None:
    entries, _ = answered(WITH.search(["sja"]), "", NO_RECORDS)
    assert entries == []
