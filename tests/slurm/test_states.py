"""Slurm's words: every state of the releases from 20.11 on, and the reasons that matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.states import FINAL, State
from sojourn.values.messages import Phase
from sojourn_slurm.states import STATES, ending, meaning, moment, never

OF_20_11_TO_26_05 = (
    *("COMPLETING", "STAGE_OUT", "CONFIGURING", "EXPEDITING", "RESIZING", "REQUEUED_CRON"),
    *("REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "STOPPED", "REVOKED"),
    *("RESV_DEL_HOLD", "SIGNALING", "PENDING", "RUNNING", "SUSPENDED", "COMPLETED", "CANCELLED"),
    *("FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY"),
)
"""What job_state_string() of those releases returns."""


def test_every_state_has_its_meaning() -> None:
    assert set(OF_20_11_TO_26_05) - STATES.keys() == {"REVOKED"}
    assert STATES.keys() <= set(OF_20_11_TO_26_05)


def test_an_outcome_is_final_and_given_with_the_end_only() -> None:
    for phase, outcome in STATES.values():
        assert (outcome in FINAL) == (phase is Phase.ENDED)


@pytest.mark.parametrize("word", ["REVOKED", "?", "", "COMPLETED_BUT_NOT_REALLY", "pending", "CG"])
def test_an_unknown_word_is_not_guessed(word: str) -> None:
    assert meaning(word) == (Phase.UNKNOWN, None)


@pytest.mark.parametrize(
    ("word", "reason", "expected"),
    [
        ("CANCELLED by 1001", "", (Phase.ENDED, State.CANCELLED)),
        ("CANCELLED+", "", (Phase.ENDED, State.CANCELLED)),
        ("PENDING", "Resources", (Phase.WAITING, None)),
        ("PENDING", "JobHeldUser", (Phase.HELD, None)),
        ("PENDING", "JobHeldAdmin", (Phase.HELD, None)),
        ("PENDING", "JobHoldMaxRequeue", (Phase.HELD, None)),
        ("PENDING", "launch failed requeued held", (Phase.HELD, None)),
        ("PENDING", "launch_failed_requeued_held", (Phase.HELD, None)),
        ("PENDING", "job requeued in held state", (Phase.HELD, None)),
        ("RUNNING", "JobHeldUser", (Phase.RUNNING, None)),
        ("COMPLETING", "", (Phase.FINISHING, None)),
        ("SPECIAL_EXIT", "", (Phase.HELD, None)),
        ("BOOT_FAIL", "", (Phase.ENDED, State.NODE_FAIL)),
        ("DEADLINE", "", (Phase.ENDED, State.TIMEOUT)),
    ],
)
def test_meanings(word: str, reason: str, expected: tuple[Phase, State | None]) -> None:
    assert meaning(word, reason) == expected


@pytest.mark.parametrize(
    "reason",
    [
        *("PartitionTimeLimit", "PartitionNodeLimit", "PartitionConfig", "BadConstraints"),
        *("DependencyNeverSatisfied", "ReservationDeleted", "MaxMemPerLimit", "InvalidAccount"),
        *("AccountNotAllowed", "InvalidQOS", "QOSNotAllowed", "AssocMaxWallDurationPerJobLimit"),
        *("QOSMaxWallDurationPerJobLimit", "QOSMaxCpuPerJobLimit", "AssocMaxNodePerJobLimit"),
        *("QOSMaxMemoryPerNode", "QOSMinCpuNotSatisfied", "QOSMinGRES"),
    ],
)
def test_a_job_that_can_never_start_is_told_why(reason: str) -> None:
    said = never(reason)
    assert said.startswith(f"{reason}: ")
    assert len(said) > len(reason) + 10


@pytest.mark.parametrize(
    "reason",
    [
        *("", "None", "Priority", "Resources", "Dependency", "BeginTime", "Licenses", "Prolog"),
        *("ReqNodeNotAvail", "ReqNodeNotAvail, UnavailableNodes:localhost", "NodeDown"),
        *("PartitionDown", "PartitionInactive", "JobArrayTaskLimit", "Reservation", "Cleaning"),
        *("QOSMaxJobsPerUserLimit", "QOSMaxCpuPerUserLimit", "AssocGrpCpuLimit"),
        *("AssocGrpCPUMinutesLimit", "AssocMaxJobsLimit", "QOSGrpNodeLimit", "FedJobLock"),
        "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
    ],
)
def test_what_passes_is_not_never(reason: str) -> None:
    assert never(reason) == ""


@pytest.mark.parametrize(
    ("status", "outcome", "expected"),
    [
        ("0:0", State.COMPLETED, (0, None, "")),
        ("3:0", State.FAILED, (3, None, "")),
        ("768", State.FAILED, (3, None, "")),  # a wait status
        ("0", State.COMPLETED, (0, None, "")),
        ("0:0", State.TIMEOUT, (None, None, "")),
        ("0:15", State.TIMEOUT, (None, 15, "")),
        ("15", State.TIMEOUT, (None, 15, "")),
        ("0:11", State.FAILED, (None, 11, "RaisedSignal: 11")),
        ("0:53", State.FAILED, (None, None, "JobLaunchFailure: could not be started on its node")),
        ("0:125", State.OUT_OF_MEMORY, (None, None, "")),
        ("", State.FAILED, (None, None, "")),
        ("N/A", State.FAILED, (None, None, "")),
        ("1:x", State.FAILED, (None, None, "")),
    ],
)
def test_exit_codes(
    status: str, outcome: State, expected: tuple[int | None, int | None, str]
) -> None:
    assert ending(status, outcome, "") == expected


def test_a_kill_says_that_it_may_have_been_the_memory() -> None:
    code, signal, reason = ending("0:9", State.FAILED, "JobLaunchFailure")
    assert (code, signal) == (None, 9)
    assert "memory" in reason


@given(st.text(alphabet="0123456789:- N/A٣²", max_size=12), st.sampled_from(sorted(FINAL)))
def test_no_exit_code_is_too_odd(status: str, outcome: State) -> None:
    code, signal, _ = ending(status, outcome, "")
    assert code is None or signal is None
    assert signal is None or 0 < signal <= 64


@pytest.mark.parametrize("text", ["", "N/A", "Unknown", "None", "2026-11-22T07:06:34", "-1", "٣"])
def test_what_is_no_moment(text: str) -> None:
    assert moment(text) is None


def test_a_moment() -> None:
    assert moment("1795332521") == 1795332521.0
