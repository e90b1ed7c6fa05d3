"""What a job's record means: every end that was recorded, and the states on the way there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord
from sojourn_pbs.dialects import Dialect
from sojourn_pbs.listing import Record, records
from sojourn_pbs.states import PHASES, word
from tests.pbs.recorded import TORQUE, named, output, result

FULL = [*named(r"^qstat_(-x_)?-f_(?!-F|unknown)"), *named("^text_nasty_")]


def said(name: str) -> SchedulerWord:
    """The word on the only job of a recording."""
    (job,) = records(output(name).stdout)
    return word(job, Dialect.OPENPBS)


ENDS = [
    # recording, outcome, exit code, signal
    ("finished_exit0", State.COMPLETED, 0, None),
    ("finished_exit3", State.FAILED, 3, None),
    ("finished_exit143", State.FAILED, 143, None),
    ("finished_exit255", State.FAILED, 255, None),
    ("finished_self_sigkill", State.FAILED, 137, None),
    ("finished_self_sigsegv", State.FAILED, 139, None),
    ("finished_exec_not_found", State.FAILED, 127, None),
    ("finished_bad_shell", State.FAILED, 254, None),
    ("finished_walltime_kill", State.TIMEOUT, None, None),
    ("finished_walltime_kill_term_trapped", State.TIMEOUT, None, None),
    ("finished_deleted_while_running", State.CANCELLED, None, 15),
    ("finished_qdel_-W_force", State.CANCELLED, None, 9),
    ("deleted_while_queued", State.CANCELLED, None, None),
    ("finished_dependency_never_satisfied", State.CANCELLED, None, None),
    ("finished_depend_on_unknown", State.CANCELLED, None, None),
    ("finished_dependency_satisfied", State.COMPLETED, 0, None),
    ("finished_depend_on_finished_failed", State.CANCELLED, None, None),
    ("finished_depend_on_finished_ok", State.COMPLETED, 0, None),
    ("finished_afterany_ran", State.COMPLETED, 0, None),
    ("finished_output_dir_missing", State.COMPLETED, 0, None),
    ("finished_qdel_while_exiting", State.COMPLETED, 0, None),
    ("array_deleted", State.CANCELLED, 1, None),
]


@pytest.mark.parametrize(("name", "outcome", "code", "signal"), ENDS)
def test_ends(name: str, outcome: State, code: int | None, signal: int | None) -> None:
    told = said(f"qstat_-x_-f_{name}")
    assert told.phase is Phase.ENDED
    assert (told.outcome, told.exit_code, told.signal) == (outcome, code, signal)
    assert told.reason


def test_success_is_never_read_from_substate_92() -> None:
    (job,) = records(output("qstat_-x_-f_finished_dependency_never_satisfied").stdout)
    assert (job.get("substate"), job.get("exit_status")) == ("92", "")
    told = word(job, Dialect.OPENPBS)
    assert told.outcome is State.CANCELLED
    assert "afterok:59.pbs-host" in told.reason


@pytest.mark.parametrize("name", FULL)
def test_a_job_is_completed_only_with_exit_status_0(name: str) -> None:
    for job in records(output(name).stdout):
        told = word(job, Dialect.OPENPBS)
        if told.outcome is State.COMPLETED:
            assert job.get("exit_status") == "0"
        assert (told.outcome is None) or told.phase is Phase.ENDED
        assert told.phase is not Phase.ABSENT
        assert told.raw.startswith(f"Job Id: {job.id}")


@pytest.mark.parametrize(
    ("name", "phase", "native"),
    [
        ("queued", Phase.WAITING, "Q/10"),
        ("waiting_-a", Phase.WAITING, "W/30"),
        ("held_user", Phase.HELD, "H/20"),
        ("held_by_qhold", Phase.HELD, "H/20"),
        ("held_by_dependency", Phase.WAITING, "H/22"),
        ("array_held", Phase.HELD, "H/20"),
        ("array_begun", Phase.RUNNING, "B/70"),
        ("running", Phase.RUNNING, "R/41"),
        ("running_just_after_qdel", Phase.RUNNING, "R/42"),
        ("suspended", Phase.RUNNING, "S/45"),
        ("exiting", Phase.FINISHING, "E/51"),
        ("rerun_by_admin", Phase.RUNNING, "R/41"),
    ],
)
def test_states_on_the_way(name: str, phase: Phase, native: str) -> None:
    told = said(f"qstat_-f_{name}")
    assert told.phase is phase
    assert told.native.partition("/")[0] == native.partition("/")[0]
    assert told.outcome is None
    assert told.finished_at is None


def test_an_exit_status_of_one_that_is_exiting_is_no_end() -> None:
    (job,) = records(output("qstat_-f_exiting").stdout)
    assert job.get("exit_status") == "0"
    assert word(job, Dialect.OPENPBS).exit_code is None


def test_waiting_for_another_job_says_for_which() -> None:
    assert "afterok:57.pbs-host" in said("qstat_-f_held_by_dependency").reason


def test_times_use_and_node() -> None:
    told = said("qstat_-x_-f_finished_walltime_kill")
    assert (told.submitted_at, told.started_at) == (1795331866.0, 1795331866.0)
    assert told.finished_at == 1795331877.0
    assert told.node == "pbs-host"
    assert told.usage is not None
    assert (told.usage.elapsed, told.usage.cpu, told.usage.allocated_cpus) == (10.0, 0.0, 1)
    assert told.usage.max_memory == 6068 * 1024


def test_a_memory_of_zero_was_never_looked_at() -> None:
    (job,) = records(output("qstat_-x_-f_finished_exit3").stdout)
    assert job.get("resources_used.mem") == "0kb"
    usage = word(job, Dialect.OPENPBS).usage
    assert usage is not None
    assert usage.max_memory is None


def record(job: str, **attributes: str) -> Record:
    """A record made by hand; names are those of qstat in lower case."""
    return Record(job, {name.replace("__", "."): value for name, value in attributes.items()}, "")


def test_what_can_never_run_says_so() -> None:
    """The comment is as it was recorded in `qstat_-f_-F_json_never_runnable`."""
    comment = "Can Never Run: Insufficient amount of resource: ncpus (R: 99 A: 8 T: 8)"
    assert comment in output("qstat_-f_-F_json_never_runnable").stdout
    told = word(record("30.h", job_state="Q", comment=comment), Dialect.OPENPBS)
    assert (told.phase, told.never) == (Phase.WAITING, comment)
    assert said("qstat_-f_queued").never == ""


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("-4", State.NODE_FAIL),  # recorded: not rerunable, after a restart of the server
        ("-20", State.NODE_FAIL),
        ("-26", State.OUT_OF_MEMORY),
        ("-27", State.OUT_OF_MEMORY),
        ("-28", State.TIMEOUT),
        ("-29", State.TIMEOUT),  # recorded
        ("-1", State.FAILED),
        ("-10", State.FAILED),
        ("-24", State.FAILED),
        ("271", State.CANCELLED),  # seen with 93, "and failed", of a subjob of a deleted array
    ],
)
def test_exit_statuses_of_the_server_itself(code: str, outcome: State) -> None:
    told = word(record("1.h", job_state="F", substate="93", exit_status=code), Dialect.OPENPBS)
    assert (told.phase, told.outcome, told.exit_code) == (Phase.ENDED, outcome, None)
    assert told.reason or told.signal == 15


@pytest.mark.parametrize(
    ("state", "walltime", "elapsed"),
    [("R", "00:00:00", None), ("R", "00:00:09", 9.0), ("E", "00:00:00", None), ("F", "0", 0.0)],
)
def test_a_running_jobs_usage_counts_once_it_was_measured(
    state: str, walltime: str, elapsed: float | None
) -> None:
    """A job that has ended may still be shown running, as it was measured at its start."""
    text = {"resources_used.walltime": walltime, "exit_status": "0"}
    usage = word(
        record("1.h", job_state=state, mtime="Sun Nov 22 09:06:40 2026", **text), Dialect.OPENPBS
    ).usage
    assert (usage.elapsed if usage is not None else None) == elapsed


def test_a_job_that_was_not_run_again_after_a_restart_lost_its_node() -> None:
    text = output("qstat_-x_-f_-F_json_not_rerunable_after_restart_later").stdout
    assert '"Exit_status":\t-4' in text
    told = word(record("1.h", job_state="F", substate="93", exit_status="-4"), Dialect.OPENPBS)
    assert "restarted" in told.reason


def test_deleted_by_the_scheduler_is_preempted() -> None:
    """Recorded with preempt_order = D."""
    comment = "Job run at Sun Nov 22 at 09:27 on (h:ncpus=8) and terminated by Scheduler@pbs-host"
    told = word(
        record("81.h", job_state="F", substate="91", exit_status="271", comment=comment),
        Dialect.OPENPBS,
    )
    assert told.outcome is State.PREEMPTED


@pytest.mark.parametrize("letter", ["M", "Z", "", "?", "QQ"])
def test_a_letter_that_is_not_known_is_reported_and_not_guessed(letter: str) -> None:
    told = word(record("1.h", job_state=letter), Dialect.OPENPBS)
    assert (told.phase, told.native, told.outcome) == (Phase.UNKNOWN, letter, None)


@pytest.mark.parametrize(
    ("comment", "substate", "outcome"),
    [
        ("Subjob finished", "70", None),
        ("Subjob finished", "92", None),
        ("Subjob finished", "91", State.CANCELLED),
        ("Subjob terminated", "70", State.CANCELLED),
        ("Subjob failed", "70", State.FAILED),
        ("Subjob failed", "91", State.FAILED),
    ],
)
def test_a_subjob_without_its_own_record_has_its_arrays_exit_status(
    comment: str, substate: str, outcome: State | None
) -> None:
    """So that status is nobody's; "Subjob finished" was seen of one with exit status 0, of one
    with 1, and of one that was deleted before it ran."""
    swept = record(
        "44[2].h", job_state="X", substate=substate, exit_status="1", comment=comment,
        stime="Sun Nov 22 09:06:40 2026",
    )  # fmt: skip
    told = word(swept, Dialect.OPENPBS)
    assert (told.phase, told.outcome, told.exit_code) == (Phase.ENDED, outcome, None)
    assert (told.started_at, told.usage) == (None, None)


# --- Slurm's commands in Torque's dress ---------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "phase", "outcome"),
    [
        ("qstat-f", Phase.RUNNING, None),
        ("qstat-f-held", Phase.HELD, None),
        ("qstat-f-finished", Phase.ENDED, None),
        ("qstat-f-failed3", Phase.ENDED, None),
        ("qstat-f-deleted", Phase.ENDED, None),
    ],
)
def test_slurms_qstat(name: str, phase: Phase, outcome: State | None) -> None:
    """It says C of success, failure and deletion alike, and shows no held state."""
    (job,) = records(result(TORQUE / f"{name}.txt").stdout)
    told = word(job, Dialect.WRAPPERS)
    assert (told.phase, told.outcome, told.exit_code) == (phase, outcome, None)
    assert told.submitted_at is not None


def test_slurms_qstat_calls_the_start_mtime_and_the_end_ctime() -> None:
    (job,) = records(result(TORQUE / "qstat-f-deleted.txt").stdout)
    told = word(job, Dialect.WRAPPERS)
    assert told.submitted_at == told.started_at == 1795331918.0
    assert told.finished_at == 1795331928.0
    assert told.usage is not None
    assert told.usage.elapsed == 10.0


def test_slurms_qstat_has_no_letter_for_out_of_memory() -> None:
    """Assumed from its source: U stands for every state that is not in its list."""
    told = word(record("1", job_state="U", exec_host="h/1"), Dialect.WRAPPERS)
    assert (told.phase, told.outcome) == (Phase.ENDED, State.OUT_OF_MEMORY)


# --- Torque: from its documentation, nothing of it is recorded ----------------------------------


@pytest.mark.parametrize(
    ("code", "outcome", "signal"),
    [
        ("0", State.COMPLETED, None),
        ("7", State.FAILED, None),
        ("-10", State.OUT_OF_MEMORY, None),
        ("-11", State.TIMEOUT, None),
        ("-12", State.TIMEOUT, None),
        ("-4", State.NODE_FAIL, None),
        ("271", State.CANCELLED, 15),
        ("265", State.FAILED, 9),
        ("-1", State.FAILED, None),
        ("", State.CANCELLED, None),
    ],
)
def test_torques_exit_statuses(code: str, outcome: State, signal: int | None) -> None:
    told = word(record("1.h", job_state="C", exit_status=code), Dialect.TORQUE)
    assert (told.phase, told.outcome, told.signal) == (Phase.ENDED, outcome, signal)


def test_a_torque_job_killed_when_its_walltime_was_over() -> None:
    told = word(
        record(
            "1.h", job_state="C", exit_status="271", resource_list__walltime="00:01:00",
            resources_used__walltime="00:01:04",
        ),
        Dialect.TORQUE,
    )  # fmt: skip
    assert told.outcome is State.TIMEOUT


_VALUES = st.one_of(
    st.sampled_from(["", "0", "1", "-29", "271", "91", "92", "n", "s", "u", "Subjob finished"]),
    st.sampled_from(["Sun Nov 22 07:16:00 2026", "00:01:00", "6068kb", "afterany:1.h"]),
    st.text(max_size=12),
)
_NAMES = st.sampled_from(
    ["substate", "exit_status", "comment", "hold_types", "depend", "stime", "ctime", "mtime",
     "resources_used.walltime", "resources_used.mem", "resource_list.ncpus", "exec_host",
     "resource_list.walltime", "array_index", "priority", "qtime", "obittime"]
)  # fmt: skip


@given(
    st.sampled_from(list(Dialect)),
    st.sampled_from(["1.h", "1[].h", "1[3].h"]),
    st.one_of(st.sampled_from(sorted(PHASES)), st.text(max_size=3)),
    st.dictionaries(_NAMES, _VALUES),
)
def test_any_record_gets_a_word(
    dialect: Dialect, job: str, letter: str, attributes: dict[str, str]
) -> None:
    told = word(Record(job, {"job_state": letter, **attributes}, "raw"), dialect)
    assert told.native.startswith(letter)
    assert told.outcome is None or told.phase is Phase.ENDED
    if told.outcome is State.COMPLETED:
        assert told.exit_code == 0
    assert told.exit_code is None or 0 <= told.exit_code <= 255


@pytest.mark.parametrize("comment", ["", "Job run at Tue Dec 01 on (n1:ncpus=1)"])
def test_a_suspended_job_says_so_whatever_else_is_said_of_it(comment: str) -> None:
    told = word(record("1.h", job_state="S", substate="43", comment=comment), Dialect.OPENPBS)
    assert told.phase is Phase.RUNNING
    assert told.reason.startswith("suspended")
    assert comment in told.reason


def test_a_subjob_deleted_as_it_starts_is_cancelled() -> None:
    told = record("1[2].h", job_state="X", array_index="2", exit_status="265")
    assert word(told, Dialect.OPENPBS).outcome is State.CANCELLED
