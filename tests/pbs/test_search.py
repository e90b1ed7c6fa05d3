"""Finding jobs by name."""

import pytest

from sojourn.batch.scheduler import CommandResult, QueueEntry
from sojourn.errors import SchedulerUnavailable
from sojourn_pbs.search import search
from tests.pbs.recorded import OPEN, OPEN_OFF, REAL_TORQUE, WRAPPERS, answered, output, replay


def test_arrays_and_jobs_live_or_finished() -> None:
    names = ["sj00000000a001", "sj00000000b001", "sj00000000b004", "sj000000000000"]
    assert replay(search(OPEN, names), "search") == [
        QueueEntry("sj00000000a001", "94[].pbs-host"),
        QueueEntry("sj00000000b001", "96.pbs-host"),
        QueueEntry("sj00000000b004", "99.pbs-host"),
    ]
    older = ["sj00000000e001", "sj000000000000"]
    assert replay(search(OPEN, older), "search__v23.06.06") == [
        QueueEntry("sj00000000e001", "117[].pbs-host")
    ]


def test_without_history_only_live_ones() -> None:
    names = ["sj00000000f001", "sj00000000f002", "sj00000000f003"]
    assert [entry.name for entry in replay(search(OPEN_OFF, names), "search-history-off")] == [
        *("sj00000000f001", "sj00000000f003"),
    ]


def test_a_live_job_comes_before_a_finished_one_of_its_name() -> None:
    said = "71.h\n@status 0\n70.h\n71.h\n@status 0\n"
    entries, _ = answered(search(OPEN, ["sj1"]), CommandResult(0, said, ""))
    assert [entry.id for entry in entries] == ["71.h", "70.h"]


def test_a_server_that_is_down_has_found_nothing_out() -> None:
    with pytest.raises(SchedulerUnavailable):
        replay(search(OPEN, ["sj00000000a001"]), "search-server-down")
    down = output("server_down_qselect")
    with pytest.raises(SchedulerUnavailable):
        answered(search(OPEN, ["a"]), CommandResult(0, f"{down.stderr}@status 162\n", ""))
    with pytest.raises(SchedulerUnavailable):
        answered(search(OPEN, ["a", "b"]), CommandResult(0, "@status 0\n", ""))


def test_torques_qselect_knows_no_history_and_may_show_subjobs() -> None:
    """Assumed: no Torque was recorded."""
    entries, commands = answered(
        search(REAL_TORQUE, ["sj1"]), CommandResult(0, "9[].h\n9[3].h\n@status 0\n", "")
    )
    assert entries == [QueueEntry("sj1", "9[].h"), QueueEntry("sj1", "9[3].h", 3)]
    assert "-x" not in commands[0]


def test_slurm_has_no_qselect() -> None:
    names = ["sj00000000a001", "sj00000000a003", "sj000000000000"]
    assert replay(search(WRAPPERS, names), "o-search") == [
        QueueEntry("sj00000000a001", "578"),
        QueueEntry("sj00000000a003", "580"),
    ]
    with pytest.raises(SchedulerUnavailable):
        replay(search(WRAPPERS, ["sj00000000a001"]), "o-search-down")
    assert answered(search(WRAPPERS, ["a"]), CommandResult(153, "", ""))[0] == []


def test_no_names_no_command() -> None:
    assert answered(search(OPEN, [])) == ([], [])
