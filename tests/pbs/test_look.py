"""Asking for jobs: every id answered, and nobody called absent without PBS having said so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.scheduler import CommandResult
from sojourn.errors import SchedulerUnavailable
from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord
from sojourn_pbs.dialects import Site
from sojourn_pbs.look import look
from tests.pbs.recorded import (
    OPEN,
    OPEN_OFF,
    REAL_TORQUE,
    WRAPPERS,
    answered,
    driven,
    each_of,
    named,
    output,
    replay,
)


def phases(words: dict[str, SchedulerWord]) -> list[str]:
    """The phases, in the order asked for."""
    return [str(word.phase) for word in words.values()]


def outcomes(words: dict[str, SchedulerWord]) -> list[State | None]:
    """The outcomes, in the order asked for."""
    return [word.outcome for word in words.values()]


# --- OpenPBS, as it was recorded ----------------------------------------------------------------

MANY = [
    *("96.pbs-host", "97.pbs-host", "98.pbs-host", "99.pbs-host", "100.pbs-host"),
    *("999999.pbs-host", "999998[2].pbs-host", "", "not-an-id"),
]


def test_every_id_of_a_mixture_is_answered() -> None:
    words = dict(replay(look(OPEN, MANY), "look-many"))
    assert list(words) == MANY
    assert phases(words) == [
        *("running", "waiting", "waiting", "ended", "waiting"),
        *("absent", "absent", "unknown", "unknown"),
    ]
    assert words["99.pbs-host"].exit_code == 3
    assert words["98.pbs-host"].never.startswith("Can Never Run: ")
    assert words["97.pbs-host"].never == ""
    assert "96.pbs-host" in words["100.pbs-host"].reason


def test_an_unknown_id_is_absent() -> None:
    words = replay(look(OPEN, ["999999.pbs-host"]), "look-one-unknown")
    assert words["999999.pbs-host"].phase is Phase.ABSENT


def test_a_server_that_is_down_answers_for_nobody() -> None:
    with pytest.raises(SchedulerUnavailable, match="Connection refused"):
        replay(look(OPEN, MANY), "look-server-down")


def test_jobs_that_the_server_hides_are_not_absent() -> None:
    """query_other_jobs is False: exit status 0 and nothing on either stream about them."""
    asked = ["118.pbs-host", "117[5].pbs-host", "999999.pbs-host"]
    words = dict(replay(look(OPEN, asked), "look-hidden"))
    assert phases(words) == ["unknown", "unknown", "absent"]
    assert "only one's own" in words["118.pbs-host"].reason


def test_another_users_jobs_are_shown_where_the_server_shows_them() -> None:
    asked = ["96.pbs-host", "97.pbs-host", "99.pbs-host"]
    assert phases(dict(replay(look(OPEN, asked), "look-other-users-job"))) == [
        *("running", "waiting", "ended"),
    ]


@pytest.mark.parametrize(
    ("name", "array", "states"),
    [
        ("look-array-under-way", "94", ["COMPLETED", *["FAILED"] * 3, *[None] * 4]),
        (
            "look-array-some-cancelled",
            "94",
            ["COMPLETED", *["FAILED"] * 3, "CANCELLED", "CANCELLED", "FAILED", "CANCELLED"],
        ),
        ("look-array-under-way__v23.06.06", "117", ["COMPLETED", *["FAILED"] * 2, *[None] * 3]),
    ],
)
def test_each_subjob_has_its_own_state(name: str, array: str, states: list[str | None]) -> None:
    ids = each_of(array, len(states))
    words = dict(replay(look(OPEN, ids), name))
    assert outcomes(words) == [State(one) if one else None for one in states]
    failed = {job: words[job].exit_code for job in ids if words[job].outcome is State.FAILED}
    assert failed == {job: ids.index(job) for job in failed}


def test_subjobs_of_an_array_that_is_held() -> None:
    words = dict(replay(look(OPEN, each_of("95", 6)), "look-array-held"))
    assert phases(words) == ["ended", "ended", *["held"] * 4]


def test_subjobs_of_an_array_that_was_deleted() -> None:
    words = dict(replay(look(OPEN, each_of("95", 6)), "look-array-deleted"))
    assert outcomes(words) == [State.CANCELLED] * 6
    assert words["95[0].pbs-host"].exit_code is None, "it is the array's, not its own"


def test_jobs_that_were_deleted_and_one_that_does_not_heed_it() -> None:
    asked = ["96.pbs-host", "97.pbs-host", "98.pbs-host"]
    assert outcomes(dict(replay(look(OPEN, asked), "look-cancelled"))) == [State.CANCELLED] * 3
    words = replay(look(OPEN, ["104.pbs-host"]), "look-not-heeded")
    assert words["104.pbs-host"].phase is Phase.RUNNING


def test_walltime_and_signal() -> None:
    words = dict(replay(look(OPEN, ["102.pbs-host", "103.pbs-host"]), "look-ends"))
    assert outcomes(words) == [State.TIMEOUT, State.FAILED]


OFF = ["120.pbs-host", "121.pbs-host", *each_of("119", 5)]


@pytest.mark.parametrize(
    ("site", "name"),
    [(OPEN_OFF, "look-history-off"), (OPEN, "look-history-switched-off")],
)
def test_without_history_a_finished_job_is_absent_and_not_done(site: Site, name: str) -> None:
    """The second site thought that there was one: PBS says no, and is asked again without -x."""
    words = dict(replay(look(site, OFF), name))
    assert phases(words) == ["absent", "running", "ended", "ended", "running", "running", "running"]
    assert set(outcomes(words)) == {None}, "the exit status shown is the array's"


def test_history_that_was_switched_on_meanwhile() -> None:
    asked = ["123.pbs-host", "999999.pbs-host"]
    words = dict(replay(look(OPEN_OFF, asked), "look-history-switched-on"))
    assert phases(words) == ["ended", "absent"]
    assert words["123.pbs-host"].exit_code == 4


LEFT = ["165[0].pbs-host", "165[1].pbs-host", "166.pbs-host"]


def test_waiting_for_a_job_that_was_deleted_before_it_ran_is_for_ever() -> None:
    """OpenPBS keeps holding what waits for it; to look at such a parent costs one command more."""
    all_five = ["163.pbs-host", "164.pbs-host", *LEFT]
    words = dict(replay(look(OPEN, all_five), "look-waiting-for-others"))
    assert phases(words) == ["waiting"] * 5
    assert {word.never for word in words.values()} == {""}
    words = dict(replay(look(OPEN, LEFT), "look-left-behind"))
    assert phases(words) == ["waiting"] * 3
    assert all("waits for 162.pbs-host, which is gone" in word.never for word in words.values())


def test_what_waited_for_a_job_that_was_cancelled_is_let_go() -> None:
    """With history it runs, and job.sh tells by its parent; without, the server drops it."""
    words = dict(replay(look(OPEN, ["163.pbs-host", "164.pbs-host"]), "look-let-go"))
    assert phases(words) == ["ended", "ended"]
    words = dict(replay(look(OPEN, ["168.pbs-host"]), "look-let-go-history-off"))
    assert phases(words) == ["absent"]


def test_what_a_job_that_ended_did_not_let_go_is_looked_at_again() -> None:
    """Seen where a child was handed in in the moment in which its parent ended."""
    child = """Job Id: 1481.h
    job_state = H
    depend = afterany:1479.h@h:1480[].h@h,beforeany:1483.h@h
    Hold_Types = s
    substate = 22

"""
    parents = """Job Id: 1479.h
    job_state = F
    depend = beforeany:1481.h@h
    substate = 92
    Exit_status = 0

Job Id: 1480[].h
    job_state = B

"""
    words, commands = driven(
        look(OPEN, ["1481.h"]),
        lambda command, _: CommandResult(0, child if command.endswith("1481.h") else parents, ""),
    )
    assert words is not None
    assert (words["1481.h"].phase, words["1481.h"].never) == (Phase.WAITING, "")
    assert "1479.h, which is gone" in words["1481.h"].reason
    assert commands[-1].startswith("qalter -W 'depend=afterany:1479.h:1480[].h' 1481.h ")


# --- commands -----------------------------------------------------------------------------------


def asked_for(site: Site, ids: list[str]) -> list[str]:
    """The commands of a look at which the server says nothing but that it knows none."""
    unknown = "".join(f"qstat: Unknown Job Id {job}\n" for job in ids)
    words, commands = driven(look(site, ids), lambda *_: CommandResult(153, "", unknown))
    assert words is not None
    assert set(words) == set(ids)
    return commands


def test_brackets_are_quoted_and_an_array_is_asked_for_as_a_whole() -> None:
    ids = ["7.h", *(f"9[{index}].h" for index in range(300)), "10[].h"]
    assert asked_for(OPEN, ids) == [
        "TZ=UTC0 qstat -x -f 7.h",
        "TZ=UTC0 qstat -x -t -f '9[].h' '10[].h'",
    ]
    assert asked_for(OPEN_OFF, ["7.h"]) == ["TZ=UTC0 qstat -f 7.h"]


def test_hundreds_of_ids_go_into_one_command() -> None:
    commands = asked_for(OPEN, [f"{number}.h" for number in range(450)])
    assert [command.count(".h") for command in commands] == [200, 200, 50]


def test_torque_has_no_history_and_shows_subjobs_by_their_ids() -> None:
    assert asked_for(REAL_TORQUE, ["7.h", "9[3].h"]) == ["TZ=UTC0 qstat -f 7.h '9[3].h'"]


def test_no_ids_no_command() -> None:
    for site in (OPEN, REAL_TORQUE, WRAPPERS):
        assert answered(look(site, []))[1] == []
        assert answered(look(site, ["", "no", "1 2", "$(id)"]))[1] == []


# --- single recordings --------------------------------------------------------------------------


def text_of(*names: str) -> str:
    """Standard outputs, one after the other."""
    return "".join(output(name).stdout for name in names)


def test_a_finished_job_without_x_and_an_unknown_one_are_told_apart() -> None:
    """The errors are those of `qstat_mixed_known_unknown_finished`; 49 runs, 51 is held."""
    mixed = output("qstat_mixed_known_unknown_finished")
    running = output("qstat_-f_suspended").stdout
    without = CommandResult(mixed.status, running, mixed.stderr)
    finished = text_of("qstat_-x_-f_finished_exit0").replace("7.pbs-host", "50.pbs-host", 1)
    again = output("qstat_-x_-f_-F_json_mixed_known_unknown_finished")
    with_x = CommandResult(again.status, running + finished, again.stderr)
    asked = ["49.pbs-host", "999999", "50.pbs-host"]
    words, commands = answered(look(OPEN_OFF, asked), without, with_x)
    assert phases(dict(words)) == ["running", "absent", "ended"]
    assert [" -x " in command for command in commands] == [False, True]


def test_one_job_that_is_not_shown_is_not_gone() -> None:
    """A client that prints only the first of several: the others are not answered for."""
    first = output("qstat_-f_three_ids").stdout.partition("\n\n")[0]
    asked = ["116.pbs-host", "117.pbs-host", "118.pbs-host"]
    words, _ = answered(look(OPEN, asked), CommandResult(0, first + "\n\n", ""))
    assert phases(dict(words)) == ["running", "unknown", "unknown"]


@pytest.mark.parametrize(
    "name",
    [
        *named("^server_down_qstat"),
        *("qstat_no_pbs_conf", "qstat_wrong_server_name", "qstat_server_refuses_port"),
        *("qstat_malformed_id", "qstat_-f_unknown_dest_server"),
    ],
)
def test_errors_about_anything_else_leave_everything_open(name: str) -> None:
    recorded = output(name)
    status = 255 if recorded.status == 0 else recorded.status  # those ended with `echo exit=$?`
    answer = CommandResult(status, "", recorded.stderr)
    with pytest.raises(SchedulerUnavailable):
        answered(look(OPEN, ["1.pbs-host"]), answer)


def test_an_error_does_not_hide_what_has_been_answered() -> None:
    """All that was asked for is there: what else went wrong does not matter."""
    down = output("server_down_qstat")
    running = output("qstat_-f_running").stdout
    words, _ = answered(look(OPEN, ["7.pbs-host"]), CommandResult(255, running, down.stderr))
    assert words["7.pbs-host"].phase is Phase.RUNNING


def test_qstat_that_is_not_there() -> None:
    with pytest.raises(SchedulerUnavailable) as raised:
        answered(look(OPEN, ["1.h"]), CommandResult(127, "", "sh: 1: qstat: not found\n"))
    assert "path:" in raised.value.hint


# --- Slurm's commands in Torque's dress ---------------------------------------------------------


def test_slurms_qstat_as_recorded() -> None:
    asked = ["578", "579", "580", "581", "582", "999999", "", "not-an-id"]
    words = dict(replay(look(WRAPPERS, asked), "o-look-many"))
    assert phases(words) == [
        *("ended", "running", "waiting", "waiting", "running", "absent", "unknown", "unknown"),
    ]
    assert words["578"].outcome is None
    words = dict(replay(look(WRAPPERS, ["999999"]), "o-look-unknown"))
    assert phases(words) == ["absent"]
    assert phases(dict(replay(look(WRAPPERS, ["580", "581"]), "o-look-held"))) == ["held"] * 2
    assert phases(dict(replay(look(WRAPPERS, ["580", "581"]), "o-look-released"))) == (
        ["waiting"] * 2
    )
    deleted = dict(replay(look(WRAPPERS, ["580", "579"]), "o-look-cancelled"))
    assert outcomes(deleted) == [State.CANCELLED, None]
    timed_out = dict(replay(look(WRAPPERS, ["582", "583"]), "o-look-timeout"))
    assert outcomes(timed_out) == [State.TIMEOUT, None]


def test_slurm_that_is_down() -> None:
    with pytest.raises(SchedulerUnavailable, match="Problem loading jobs"):
        replay(look(WRAPPERS, ["579"]), "o-look-down")


# --- whatever comes -----------------------------------------------------------------------------

_RESULTS = st.builds(
    CommandResult,
    st.sampled_from([0, 1, 35, 127, 153, 162, 255]),
    st.one_of(
        st.text(max_size=60),
        st.sampled_from([output(name).stdout for name in named(r"^qstat_(-x_)?-f_(?!-F)")]),
    ),
    st.one_of(
        st.text(max_size=60),
        st.sampled_from([output(name).stderr for name in named("^qstat_|^server_down_qstat")]),
    ),
)
_IDS = st.lists(
    st.one_of(
        st.sampled_from(["7.pbs-host", "9[].pbs-host", "9[1].pbs-host", "999999.pbs-host", ""]),
        st.text(max_size=8),
    ),
    unique=True,
    max_size=6,
)


@given(st.sampled_from([OPEN, OPEN_OFF, REAL_TORQUE, WRAPPERS]), _IDS, st.lists(_RESULTS))
def test_every_id_is_answered_or_there_is_no_answer(
    site: Site, ids: list[str], results: list[CommandResult]
) -> None:
    nothing = CommandResult(0, "", "")
    words, asked = driven(
        look(site, ids), lambda _, at: results[at] if at < len(results) else nothing
    )
    if words is None:
        return
    assert set(words) == set(ids)
    said = "".join(one.words for one in results[: len(asked)])
    for job, word in words.items():
        if word.phase is Phase.ABSENT and site is not WRAPPERS:
            assert "Unknown Job Id" in said or "[" in job


def test_an_id_of_another_server_keeps_no_other_from_being_shown() -> None:
    """Seen of OpenPBS 23.06: the others are shown all the same."""
    shown = output("qstat_-f_running").stdout
    odd = CommandResult(1, shown, "qstat: illegally formed job identifier: 20.elsewhere\n")
    words, _ = answered(OPEN.look(["20.elsewhere", "7.pbs-host"]), odd)
    assert words["20.elsewhere"].phase is Phase.ABSENT
    assert words["7.pbs-host"].phase is Phase.RUNNING
