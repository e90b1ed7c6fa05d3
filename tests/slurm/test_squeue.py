"""The controller's word, on everything that a real squeue has printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.states import State
from sojourn.values.messages import Phase
from sojourn_slurm import squeue
from sojourn_slurm.commands import Commands
from tests.slurm.recorded import names, squeue_lines, steps, words_of

W, H, R, F, E = Phase.WAITING, Phase.HELD, Phase.RUNNING, Phase.FINISHING, Phase.ENDED
EXPECTED: dict[str, dict[str, tuple[Phase, State | None, str]]] = {
    "a-squeue-done": dict.fromkeys("123", (E, State.COMPLETED, "")),
    "b-array-pending-squeue": {
        **{f"38_{index}": (W, None, "JobArrayTaskLimit") for index in (3, 4, 5, 6)},
        **{f"38_{index}": (R, None, "") for index in (1, 2)},
    },
    "b-array-scancel-task-squeue": {
        **{f"38_{index}": (W, None, "JobArrayTaskLimit") for index in (3, 4, 5)},
        **{f"38_{index}": (R, None, "") for index in (1, 2)},
    },
    "b-array-scancelled-squeue": {
        f"38_{index}": (E, State.CANCELLED, "") for index in (1, 2, 3, 4, 5)
    },
    "b-busy-squeue": {
        "53": (R, None, ""),
        "54": (W, None, "Resources"),
        "55": (W, None, "Priority"),
    },
    "b-completing-squeue": {"49": (F, None, "")},
    "b-dep-afterok-done-squeue": dict.fromkeys(("30", "31"), (E, State.COMPLETED, "")),
    "b-dep-afterok-pending-squeue": {"31": (W, None, "Dependency")},
    "b-dep-never-squeue": {
        "32": (E, State.FAILED, "NonZeroExitCode"),
        "33": (W, None, "DependencyNeverSatisfied"),
        "34": (E, State.CANCELLED, "DependencyNeverSatisfied"),
    },
    "b-drained-pending-squeue": {
        "50": (
            W,
            None,
            "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
        ),
        "51": (W, None, "ReqNodeNotAvail, UnavailableNodes:localhost"),
    },
    "b-held-squeue": {"16": (H, None, "JobHeldUser")},
    "b-held-released-squeue": {"16": (E, State.COMPLETED, "")},
    "b-node-down-pending-squeue": {"48": (E, State.COMPLETED, "")},
    "b-nodefail-squeue": {
        "46": (E, State.NODE_FAIL, "NodeDown"),
        "47": (W, None, "BeginTime"),
    },
    "b-nodefail-after-resume-squeue": {
        "46": (E, State.NODE_FAIL, "NodeDown"),
        "47": (W, None, "BeginTime"),
        "48": (E, State.COMPLETED, ""),
    },
    "b-purged-squeue": {},
    "b-purged-squeue-mixed": {"33": (W, None, "DependencyNeverSatisfied")},
    "b-running-squeue": {"35": (R, None, "")},
    "b-scancel-pending-squeue": {"36": (E, State.CANCELLED, "")},
    "b-scancel-running-squeue": {"35": (E, State.CANCELLED, "")},
    "b-scancel-running-squeue-immediately": {"35": (E, State.CANCELLED, "")},
    "b-timeout-squeue": {"6": (E, State.TIMEOUT, "TimeLimit")},
    "b-user-hold-squeue": {"55": (H, None, "JobHeldUser")},
    "d-ctld-restarted-squeue-job-ended-meanwhile": {"56": (R, None, "")},
    "d-ctld-restarted-squeue-later": {"56": (E, State.COMPLETED, "")},
    "d-slurmd-squeue": {"59": (R, None, "")},
    "d-slurmd-back-squeue": {"59": (R, None, "")},
}
OF_SIGNALS = {
    "b-oom-squeue": ("45", "9"),
    "b-signal-squeue": ("41", "11"),
}
"""Released as JobLaunchFailure whatever the signal."""


@pytest.mark.parametrize("name", EXPECTED)
def test_captures(name: str) -> None:
    answers = squeue.read(squeue_lines(name))
    said = {
        f"{job}" if index is None else f"{job}_{index}": answers.get(
            f"{job}" if index is None else f"{job}_{index}"
        )
        for job, index in answers
    }
    assert {one: (w.phase, w.outcome, w.reason) for one, w in said.items() if w} == EXPECTED[name]


def test_every_capture_is_used() -> None:
    eight_columns = {
        name for name in names("[abd]-*") if any("%Q" in command for command, _ in steps(name))
    }
    assert eight_columns - EXPECTED.keys() - OF_SIGNALS.keys() == {"b-squeue-all-now"}


@pytest.mark.parametrize(("name", "expected"), OF_SIGNALS.items())
def test_a_signal_is_not_called_a_failure_to_launch(name: str, expected: tuple[str, str]) -> None:
    job, signal = expected
    word = squeue.read(squeue_lines(name, status=signal)).get(job)
    assert word is not None
    assert word.signal == int(signal)
    assert word.reason.startswith(f"RaisedSignal: {signal}")


def test_a_whole_queue() -> None:
    answers = squeue.read(squeue_lines("b-squeue-all-now"))
    assert {answers.get(f"11_{index}").outcome for index in (1, 2, 3, 5)} == {State.COMPLETED}  # type: ignore[union-attr]
    assert answers.get("11_4").outcome is State.FAILED  # type: ignore[union-attr]
    assert len(list(answers)) > 20


def test_estimates_are_no_times() -> None:
    waiting = squeue.read(squeue_lines("b-busy-squeue")).get("54")
    running = squeue.read(squeue_lines("b-running-squeue")).get("35")
    assert waiting is not None
    assert running is not None
    assert (waiting.started_at, waiting.finished_at) == (None, None)
    assert running.started_at is not None
    assert running.finished_at is None, "its time limit"
    assert running.node == "localhost"


def test_never_is_said_of_waiting_jobs_only() -> None:
    answers = squeue.read(squeue_lines("b-dep-never-squeue"))
    waiting, cancelled = answers.get("33"), answers.get("34")
    assert waiting is not None
    assert cancelled is not None
    assert waiting.never.startswith("DependencyNeverSatisfied: ")
    assert cancelled.never == ""


def test_what_a_running_job_had_waited_for_is_over() -> None:
    word = squeue.read("14|RUNNING|1|2|3|0|n1|JobHeldUser|sj1|").get("14")
    assert word is not None
    assert (word.phase, word.reason) == (Phase.RUNNING, "")


def test_a_suspended_job_says_so() -> None:
    word = squeue.read("14|SUSPENDED|1|2|3|0|n1|None|sj1|").get("14")
    assert word is not None
    assert (word.phase, word.reason) == (Phase.RUNNING, "SUSPENDED")


def test_a_reason_may_hold_anything() -> None:
    word = squeue.read("14|PENDING|1|N/A|N/A|0||a|b, c|sj1|").get("14")
    assert word is not None
    assert (word.reason, word.name) == ("a|b, c", "sj1")


def test_an_unknown_state_is_reported() -> None:
    word = squeue.read("14|LEVITATING|1|2|3|0|n1|None|sj1|").get("14")
    assert word is not None
    assert (word.phase, word.native) == (Phase.UNKNOWN, "LEVITATING")


def test_the_call() -> None:
    call = squeue.ask(Commands("far"), ["1", "2"])
    assert words_of(call) == (
        "SLURM_TIME_FORMAT=%s SLURM_BITSTR_LEN=0 squeue --clusters=far --noheader --array"
        " --states=all '--Format=JobArrayID:0|,State:0|,SubmitTime:0|,StartTime:0|,EndTime:0|,"
        "exit_code:0|,NodeList:0|,Reason:0|,Name:0|' --jobs=1,2"
    )
    assert "--federation" in squeue.ask(Commands(federated=True), ["1"])


lines = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.text(max_size=12), min_size=7, max_size=10).map("|".join),
        st.tuples(st.from_regex(r"\d{1,3}(_\d{1,3}|_\[\d-\d\])?", fullmatch=True)).map(
            lambda one: f"{one[0]}|RUNNING|1|2|3|0|n|None|sj|"
        ),
    ),
    max_size=12,
)


@given(lines)
def test_no_output_is_too_odd(text: list[str]) -> None:
    answers = squeue.read("\n".join(text))
    for job, index in answers:
        assert answers.get(job if index is None else f"{job}_{index}") is not None
