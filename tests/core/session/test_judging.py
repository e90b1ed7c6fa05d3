"""Judging: every kind of evidence, and what must hold whatever the evidence is."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.defaults import EXIT_GRACE, LAG_GRACE, LOST_AFTER, WORD_GRACE
from sojourn.session.judging import judge
from sojourn.states import ACTIVE, FINAL, State, may_become
from sojourn.store.records import JobRecord
from sojourn.values.messages import ExitReport, Phase, PollAnswer, SchedulerWord, SiteEvidence

NOW = 1_000_000.0
RECORD = JobRecord("a" * 64, "m", state=State.RUNNING, scheduler_id="1", polled_at=NOW - 30)
STARTED = SiteEvidence(True, claim="t", started=True, started_id="1", started_at=NOW - 60)
CLAIMED = SiteEvidence(True, claim="t", id="1 -")


def report(status: int = 0, phase: str = "command", **words: Any) -> ExitReport:
    ok = words.pop("ok", status == 0 and phase == "command")
    detail = words.pop("detail", "")
    return ExitReport(status, phase, detail, NOW - 50, NOW - 1, ok=ok, **words)


def answer(word: SchedulerWord, site: SiteEvidence | None = STARTED) -> PollAnswer:
    return PollAnswer("a" * 64, 1, word, site)


def ended(outcome: State, code: int | None = None) -> SchedulerWord:
    return SchedulerWord(Phase.ENDED, outcome.value, outcome=outcome, exit_code=code)


@pytest.mark.parametrize(
    ("phase", "state"),
    [
        (Phase.WAITING, State.QUEUED),
        (Phase.HELD, State.HELD),
        (Phase.RUNNING, State.RUNNING),
        (Phase.FINISHING, State.FINISHING),
    ],
)
def test_a_job_that_is_seen_is_what_it_is_seen_as(phase: Phase, state: State) -> None:
    assert judge(RECORD, answer(SchedulerWord(phase), None), NOW).state is state


def test_an_accepted_exit_completes_once_the_scheduler_no_longer_shows_the_job() -> None:
    seen = replace(STARTED, exit=report())
    for word in (SchedulerWord(Phase.ABSENT), ended(State.COMPLETED), SchedulerWord(Phase.ENDED)):
        judged = judge(RECORD, answer(word, seen), NOW)
        assert (judged.state, judged.exit_code) == (State.COMPLETED, 0)


@pytest.mark.parametrize(
    ("phase", "grace"),
    [
        (Phase.WAITING, LAG_GRACE),
        (Phase.HELD, LAG_GRACE),
        (Phase.RUNNING, LAG_GRACE),
        (Phase.FINISHING, LAG_GRACE),
        (Phase.UNKNOWN, EXIT_GRACE),
    ],
)
def test_until_then_it_is_finishing_but_not_for_ever(phase: Phase, grace: float) -> None:
    """A scheduler's word may lag, or never come: then the exit status alone counts."""
    word = answer(SchedulerWord(phase), replace(STARTED, exit=report()))
    first = judge(RECORD, word, NOW)
    assert first.state is State.FINISHING
    assert "waiting for the scheduler" in first.reason
    waiting = replace(RECORD, state=State.FINISHING, **first.fields)
    assert judge(waiting, word, NOW + grace - 1).state is State.FINISHING
    assert judge(waiting, word, NOW + grace).state is State.COMPLETED
    gone = answer(SchedulerWord(Phase.ABSENT), word.site)
    assert judge(waiting, gone, NOW + 1).state is State.COMPLETED
    killed = answer(ended(State.NODE_FAIL), word.site)
    assert judge(waiting, killed, NOW + 1).state is State.NODE_FAIL


def test_nothing_is_final_while_something_of_it_runs() -> None:
    cancelled = replace(RECORD, cancel_requested=True)
    for one in (report(1), report(143), report(143, "asked", ok=False), report(0, "check")):
        seen = replace(STARTED, exit=one)
        judged = judge(cancelled, answer(SchedulerWord(Phase.RUNNING), seen), NOW)
        assert judged.state is State.FINISHING


def test_lost_is_not_left_for_a_state_before_the_end() -> None:
    lost = replace(RECORD, state=State.LOST)
    seen = replace(STARTED, exit=report())
    assert judge(lost, answer(SchedulerWord(Phase.RUNNING), seen), NOW).state is State.COMPLETED


@pytest.mark.parametrize(
    "outcome",
    [State.CANCELLED, State.TIMEOUT, State.OUT_OF_MEMORY, State.NODE_FAIL, State.PREEMPTED],
)
def test_the_schedulers_kill_outranks_the_status_it_caused(outcome: State) -> None:
    for one in (report(143), report(0), report(0, "check", ok=False)):
        seen = replace(STARTED, exit=one)
        assert judge(RECORD, answer(ended(outcome), seen), NOW).state is outcome
    assert judge(RECORD, answer(ended(outcome)), NOW).state is outcome


def test_a_guess_of_the_schedulers_is_outranked_by_a_good_exit() -> None:
    guess = replace(ended(State.CANCELLED), doubtful=True)
    for status, state in ((0, State.COMPLETED), (1, State.CANCELLED)):
        seen = replace(STARTED, exit=report(status))
        assert judge(RECORD, answer(guess, seen), NOW).state is state


@pytest.mark.parametrize(
    ("word", "state"),
    [
        (SchedulerWord(Phase.ABSENT), State.CANCELLED),
        (SchedulerWord(Phase.ENDED), State.CANCELLED),
        (ended(State.TIMEOUT), State.TIMEOUT),
        (ended(State.COMPLETED), State.COMPLETED),
    ],
)
def test_what_sojourn_was_about_to_cancel_has_not_ended_well(
    word: SchedulerWord, state: State
) -> None:
    """Unless the scheduler says that it was done before it could be ended."""
    seen = replace(STARTED, exit=report(), cancelled=True)
    assert judge(RECORD, answer(word, seen), NOW).state is state


@pytest.mark.parametrize(
    "words", [{"signal": 9}, {"signal": 15, "exit_code": None}, {"exit_code": 137}]
)
def test_a_script_that_was_killed_as_it_ended_has_not_ended_well(words: dict[str, Any]) -> None:
    seen = replace(STARTED, exit=report())
    word = replace(ended(State.FAILED), **words)
    assert judge(RECORD, answer(word, seen), NOW).state is State.FAILED
    accepted = replace(STARTED, exit=report(3, ok=True))
    assert judge(RECORD, answer(ended(State.FAILED, 3), accepted), NOW).state is State.COMPLETED


def test_killed_at_its_walltime_without_a_word_is_a_timeout() -> None:
    seen = replace(STARTED, exit=report(143))
    absent = SchedulerWord(Phase.ABSENT)
    assert judge(RECORD, answer(absent, seen), NOW, walltime=40).state is State.TIMEOUT
    assert judge(RECORD, answer(absent, seen), NOW, walltime=400).state is State.FAILED


@pytest.mark.parametrize(
    ("word", "cancelled", "walltime", "state"),
    [
        (ended(State.PREEMPTED), False, None, State.PREEMPTED),
        (ended(State.TIMEOUT), True, None, State.TIMEOUT),
        (ended(State.FAILED), False, 400, State.CANCELLED),
        (SchedulerWord(Phase.RUNNING), False, 49, State.FINISHING),
        (SchedulerWord(Phase.FINISHING), False, 400, State.FINISHING),
        (SchedulerWord(Phase.RUNNING), True, 400, State.FINISHING),
        (SchedulerWord(Phase.ABSENT), True, 49, State.CANCELLED),
        (SchedulerWord(Phase.ABSENT), False, 49, State.TIMEOUT),
        (SchedulerWord(Phase.ABSENT), False, 53, State.TIMEOUT),
        (SchedulerWord(Phase.ABSENT), False, 400, State.CANCELLED),
        (SchedulerWord(Phase.UNKNOWN, reason="no database"), False, 49, State.FINISHING),
        (SchedulerWord(Phase.UNKNOWN, reason="no database"), True, 400, State.CANCELLED),
        (SchedulerWord(Phase.ENDED, "C"), False, None, State.CANCELLED),
        (SchedulerWord(Phase.ENDED, "C"), False, 49, State.TIMEOUT),
    ],
)
def test_a_job_that_was_asked_to_end(
    word: SchedulerWord, cancelled: bool, walltime: int | None, state: State
) -> None:
    """The scheduler's word on why is waited for while there will be one."""
    record = replace(RECORD, cancel_requested=cancelled)
    for status in (143, 0):
        seen = replace(STARTED, exit=report(status, "asked", ok=False))
        assert judge(record, answer(word, seen), NOW, walltime=walltime).state is state


@pytest.mark.parametrize(("walltime", "state"), [(None, State.CANCELLED), (49, State.TIMEOUT)])
def test_a_word_that_is_never_known_is_not_waited_for_for_ever(
    walltime: int | None, state: State
) -> None:
    seen = replace(STARTED, exit=report(143, "asked", ok=False))
    hidden = answer(SchedulerWord(Phase.UNKNOWN, reason="not shown to others"), seen)
    waiting = replace(RECORD, **judge(RECORD, hidden, NOW, walltime=walltime).fields)
    judged = judge(waiting, hidden, NOW + WORD_GRACE - 2, walltime=walltime)
    assert judged.state is State.FINISHING
    assert "waiting for the scheduler to report the cause" in judged.reason
    assert judge(waiting, hidden, NOW + WORD_GRACE, walltime=walltime).state is state


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("=>> PBS: job killed: walltime 7 exceeded limit 5", State.TIMEOUT),
        ("=>> PBS: job killed: mem 2048kb exceeded limit 1024kb", State.OUT_OF_MEMORY),
        ("*** JOB 3 ON n1 CANCELLED AT 2026-12-01T05:00:00 DUE TO TIME LIMIT ***", State.TIMEOUT),
        ("*** JOB 3 ON n1 CANCELLED AT 2026-12-01T05:00:00 ***", State.CANCELLED),
        ("", State.CANCELLED),
    ],
)
def test_what_the_scheduler_wrote_into_the_jobs_output_tells_why(said: str, state: State) -> None:
    seen = replace(STARTED, exit=report(0, "asked", ok=False, detail=said))
    judged = judge(RECORD, answer(SchedulerWord(Phase.ABSENT), seen), NOW)
    assert judged.state is state
    assert said in judged.reason or state is State.CANCELLED


@pytest.mark.parametrize(
    ("phase", "words", "said"),
    [
        ("setup", {"detail": "module load x"}, "module load x"),
        ("check", {}, "check"),
        ("inputs", {"detail": "mesh.dat"}, "mesh.dat"),
        (
            "outputs",
            {"detail": "a.csv", "missing": ("a.csv", "b")},
            "'a.csv' is missing and 1 more",
        ),
        ("unlisted", {"detail": "d: Permission denied"}, "could not be listed: d: Permission"),
        ("command", {"status": 137}, "signal 9"),
    ],
)
def test_a_failure_says_what_failed(phase: str, words: dict[str, Any], said: str) -> None:
    seen = replace(STARTED, exit=report(phase=phase, ok=False, **words))
    judged = judge(RECORD, answer(ended(State.FAILED), seen), NOW)
    assert judged.state is State.FAILED
    assert said in judged.reason


@pytest.mark.parametrize(
    ("word", "state"),
    [
        (ended(State.COMPLETED, 0), State.NODE_FAIL),
        (SchedulerWord(Phase.ABSENT), State.NODE_FAIL),
        (ended(State.CANCELLED), State.CANCELLED),
    ],
)
def test_what_the_scheduler_started_again_is_not_run_twice(
    word: SchedulerWord, state: State
) -> None:
    seen = replace(STARTED, exit=report(0, "again", ok=False))
    judged = judge(RECORD, answer(word, seen), NOW)
    assert (judged.state, judged.exit_code) == (state, None)
    assert "requeue" in judged.reason


def test_a_failed_parent_cancels_and_is_named() -> None:
    detail = f"bb/{'b' * 64}/1"
    seen = replace(STARTED, exit=report(1, "parent", detail=detail))
    judged = judge(RECORD, answer(ended(State.FAILED), seen), NOW)
    assert judged.state is State.CANCELLED
    assert judged.fields["blocked_by"] == "b" * 64


def test_ended_well_without_an_exit_file_is_waited_for_and_then_lost() -> None:
    word = answer(ended(State.COMPLETED, 0))
    first = judge(RECORD, word, NOW)
    assert first.state is State.FINISHING
    waiting = replace(RECORD, state=State.FINISHING, absent_since=first.fields["absent_since"])
    assert judge(waiting, word, NOW + EXIT_GRACE - 1).state is State.FINISHING
    assert judge(waiting, word, NOW + EXIT_GRACE + 1).state is State.LOST


def test_what_ended_without_ever_starting_is_cancelled() -> None:
    """A subjob deleted while it waited is "finished" to PBS, like one that ran."""
    word = SchedulerWord(Phase.ENDED, "X", reason="Subjob finished")
    first = judge(RECORD, answer(word, CLAIMED), NOW)
    assert first.state is State.FINISHING
    waiting = replace(RECORD, state=State.FINISHING, absent_since=first.fields["absent_since"])
    later = NOW + EXIT_GRACE + 1
    assert judge(waiting, answer(word, CLAIMED), later).state is State.CANCELLED
    for seen in (STARTED, replace(CLAIMED, present=False), None):
        assert judge(waiting, answer(word, seen), later).state is State.LOST


def test_a_launch_failure_needs_no_exit_file() -> None:
    judged = judge(RECORD, answer(ended(State.FAILED, 1), CLAIMED), NOW)
    assert (judged.state, judged.exit_code) == (State.FAILED, 1)


def test_absent_is_lost_only_after_two_polls_and_the_watched_time() -> None:
    word = answer(SchedulerWord(Phase.ABSENT))
    first = judge(RECORD, word, NOW)
    assert (first.state, first.settle) == (State.RUNNING, False)
    second = replace(RECORD, polled_at=NOW, **first.fields)
    assert not judge(second, word, NOW + LOST_AFTER - 1).settle
    assert judge(second, word, NOW + LOST_AFTER).settle


def test_time_in_which_the_machine_did_not_answer_does_not_count() -> None:
    word = answer(SchedulerWord(Phase.ABSENT))
    second = replace(RECORD, polled_at=NOW, **judge(RECORD, word, NOW).fields)
    judged = judge(second, word, NOW + 10 * LOST_AFTER, watched=False)
    assert not judged.settle
    assert judged.fields["absent_watched"] == 0


def test_being_seen_again_begins_the_count_anew() -> None:
    absent = replace(RECORD, absent_polls=3, absent_watched=100.0, absent_since=NOW - 100)
    judged = judge(absent, answer(SchedulerWord(Phase.RUNNING)), NOW)
    assert judged.fields["absent_polls"] == 0
    assert judged.fields["absent_watched"] == 0


def test_a_cancelled_job_that_vanishes_is_cancelled_not_lost() -> None:
    asked = replace(RECORD, cancel_requested=True, absent_polls=1)
    assert judge(asked, answer(SchedulerWord(Phase.ABSENT)), NOW).state is State.CANCELLED


def test_a_word_that_is_not_understood_changes_nothing() -> None:
    judged = judge(RECORD, answer(SchedulerWord(Phase.UNKNOWN, "MARTIAN")), NOW)
    assert judged.state is RECORD.state
    assert "MARTIAN" in judged.reason


def test_never_runs_says_why() -> None:
    judged = judge(
        RECORD, answer(SchedulerWord(Phase.WAITING, never="PartitionNodeLimit"), None), NOW
    )
    assert "can never start: PartitionNodeLimit" in judged.reason
    assert judged.fields["never_starts"] is True
    passes = judge(RECORD, answer(SchedulerWord(Phase.WAITING, reason="Priority"), None), NOW)
    assert passes.fields["never_starts"] is False


outcomes = st.sampled_from([None, *sorted(FINAL)])
words = st.builds(
    SchedulerWord,
    phase=st.sampled_from(Phase),
    native=st.text(max_size=5),
    outcome=outcomes,
    exit_code=st.none() | st.integers(-30, 300),
    signal=st.none() | st.integers(1, 64),
    doubtful=st.booleans(),
)
exits = st.none() | st.builds(
    ExitReport,
    status=st.integers(0, 255),
    phase=st.sampled_from(["command", "setup", "check", "inputs", "parent", "outputs", "asked"]),
    detail=st.text(max_size=10),
    started_at=st.floats(0, 1e9),
    finished_at=st.floats(0, 1e9),
    missing=st.just(("x",)),
    ok=st.booleans(),
)
sites = st.none() | st.builds(
    SiteEvidence,
    present=st.booleans(),
    started=st.booleans(),
    closed=st.booleans(),
    cancelled=st.booleans(),
    exit=exits,
)
records = st.builds(
    JobRecord,
    signature=st.just("a" * 64),
    machine=st.just("m"),
    state=st.sampled_from(sorted(ACTIVE - {State.NEW})),
    absent_polls=st.integers(0, 5),
    absent_watched=st.floats(0, 1000),
    absent_since=st.none() | st.floats(0, NOW),
    polled_at=st.none() | st.floats(0, NOW),
    cancel_requested=st.booleans(),
)


@given(records, words, sites, st.booleans(), st.none() | st.integers(1, 100))
def test_whatever_the_evidence(
    record: JobRecord,
    word: SchedulerWord,
    site: SiteEvidence | None,
    watched: bool,
    walltime: int | None,
) -> None:
    judged = judge(record, answer(word, site), NOW, watched=watched, walltime=walltime)
    assert may_become(record.state, judged.state)
    good_exit = site is not None and site.exit is not None and site.exit.ok
    killed = word.outcome in FINAL - {State.COMPLETED, State.FAILED, State.LOST}
    if judged.state is State.COMPLETED:
        assert good_exit
        assert judged.exit_code is not None
        assert not killed or word.doubtful
    if good_exit and word.phase in (Phase.ENDED, Phase.ABSENT):
        assert judged.state in FINAL
        assert judged.state is not State.LOST
    if judged.state is State.LOST:
        assert word.phase is Phase.ENDED
    if word.phase is Phase.ABSENT and not good_exit and judged.state in FINAL:
        assert (
            site is not None and (site.exit is not None or site.closed)
        ) or record.cancel_requested
