"""Cancelling, holding and releasing, as recorded, and what must not be believed of qdel."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.scheduler import CommandResult, Conversation, Response, Took
from sojourn.errors import SchedulerUnavailable
from sojourn_pbs import Pbs
from sojourn_pbs.dialects import Site
from tests.pbs.recorded import (
    CONVERSATIONS,
    OPEN,
    OPEN_OFF,
    REAL_TORQUE,
    WRAPPERS,
    answered,
    driven,
    each_of,
    output,
    replay,
    steps,
)
from tests.pbs.test_look import MANY

Talk = Conversation[Mapping[str, Response]]


def cancel(site: Site, ids: Sequence[str]) -> Talk:
    assert isinstance(site, Pbs)
    return site.cancel(dict.fromkeys(ids, ""))


def hold(site: Site, ids: Sequence[str]) -> Talk:
    assert isinstance(site, Pbs)
    return site.hold(dict.fromkeys(ids, ""))


def release(site: Site, ids: Sequence[str]) -> Talk:
    assert isinstance(site, Pbs)
    return site.release(dict.fromkeys(ids, ""))


def took(answers: Mapping[str, Response], ids: list[str]) -> list[str]:
    """What became of each request, in the order asked."""
    assert set(answers) == set(ids)
    return [str(answers[job].took) for job in ids]


def test_cancelling_many() -> None:
    assert took(replay(cancel(OPEN, MANY), "cancel-many"), MANY) == [
        *("done", "done", "done", "finished", "done", "unknown", "unknown", "unknown", "unknown"),
    ]
    again = ["96.pbs-host", "97.pbs-host", "98.pbs-host", "99.pbs-host"]
    assert took(replay(cancel(OPEN, again), "cancel-again"), again) == ["finished"] * 4


def test_somebody_elses_jobs_are_refused() -> None:
    ids = ["96.pbs-host", "97.pbs-host"]
    answers = replay(cancel(OPEN, ids), "cancel-not-ones-own")
    assert took(answers, ids) == ["refused"] * 2
    assert "Unauthorized Request" in answers["96.pbs-host"].reason


def test_neighbouring_subjobs_are_cancelled_as_a_range_and_never_the_whole_array() -> None:
    """To delete an array rewrites the records of its subjobs that had ended before."""
    ids = [f"94[{index}].pbs-host" for index in (0, 4, 5, 7, 900)]
    answers = replay(cancel(OPEN, ids), "cancel-subjobs")
    assert took(answers, ids) == ["finished", "done", "done", "done", "unknown"]
    command = steps(CONVERSATIONS / "cancel-subjobs.txt")[-1][0]
    assert "'94[4-5].pbs-host'" in command
    assert "'94[7].pbs-host'" in command
    assert "[]" not in command
    older = [f"117[{index}].pbs-host" for index in (0, 3, 4)]
    assert took(replay(cancel(OPEN, older), "cancel-subjobs__v23.06.06"), older) == [
        *("finished", "done", "done"),
    ]


def test_what_waits_for_a_job_that_never_ran_is_let_go() -> None:
    assert took(replay(cancel(OPEN, ["161.pbs-host"]), "cancel-a-parent"), ["161.pbs-host"]) == [
        "done"
    ]
    command = steps(CONVERSATIONS / "cancel-a-parent.txt")[-1][0]
    assert [line.partition(" 2>")[0] for line in command.splitlines()] == [
        "qalter -W depend=afterany:161.pbs-host 163.pbs-host",
        "qalter -W depend=afterany:161.pbs-host 164.pbs-host",
    ]
    replay(cancel(OPEN, ["167.pbs-host"]), "cancel-a-parent-history-off")
    left = ["165[0].pbs-host", "165[1].pbs-host", "166.pbs-host"]
    assert took(replay(cancel(OPEN, left), "cancel-left-behind"), left) == ["done"] * 3


def test_a_job_that_does_not_heed_it_is_not_forced() -> None:
    assert took(replay(cancel(OPEN, ["104.pbs-host"]), "cancel-not-heeded"), ["104.pbs-host"]) == [
        "done"
    ]


def test_without_history_what_has_ended_is_unknown() -> None:
    ids = ["120.pbs-host", "121.pbs-host"]
    assert took(replay(cancel(OPEN_OFF, ids), "cancel-history-off"), ids) == ["unknown", "done"]


def test_holding_and_releasing_many() -> None:
    assert took(replay(hold(OPEN, MANY), "hold-many"), MANY) == [
        *("refused", "done", "done", "finished", "done"),
        *("unknown", "unknown", "unknown", "unknown"),
    ]
    assert took(replay(hold(OPEN, ["97.pbs-host"]), "hold-again"), ["97.pbs-host"]) == ["done"]
    assert took(replay(release(OPEN, MANY), "release-many"), MANY) == [
        *("done", "done", "done", "finished", "done"),
        *("unknown", "unknown", "unknown", "unknown"),
    ]


def test_qhold_would_note_a_hold_on_a_running_job_and_let_it_run() -> None:
    assert output("qhold_running").status == 0
    answers = replay(hold(OPEN, MANY), "hold-many")
    assert "runs already" in answers["96.pbs-host"].reason


def test_openpbs_holds_an_array_as_a_whole_or_not_at_all() -> None:
    ids = list(each_of("95", 6))
    answers = replay(hold(OPEN, ids), "hold-subjobs-all")
    assert took(answers, ids) == ["refused", "refused", *["done"] * 4], "the first two run"
    assert "'95[].pbs-host'" in steps(CONVERSATIONS / "hold-subjobs-all.txt")[-1][0]
    some = ids[2:4]
    refused = replay(hold(OPEN, some), "hold-subjobs-not-all")
    assert took(refused, some) == ["refused"] * 2
    assert "95[].pbs-host, of which 2 more" in refused[some[0]].reason
    assert took(replay(release(OPEN, ids), "release-subjobs-all"), ids) == [
        *("finished", "finished", *["done"] * 4),
    ]
    one = ids[2:3]
    assert took(replay(release(OPEN, one), "release-subjobs-not-all"), one) == ["refused"]


def test_a_server_that_is_down_changes_nothing() -> None:
    with pytest.raises(SchedulerUnavailable):
        replay(cancel(OPEN, ["96.pbs-host", "97.pbs-host"]), "cancel-server-down")


RUNNING = output("qstat_-f_running").stdout


def told(name: str) -> CommandResult:
    """What a recorded qdel, qhold or qrls would have given the backend, which mixes its streams."""
    recorded = output(name)
    return CommandResult(0, f"{recorded.stdout}{recorded.stderr}@status {recorded.status}\n", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("qdel_running_ok", Took.DONE),
        ("qdel_unknown", Took.UNKNOWN),
        ("qdel_finished", Took.FINISHED),
        ("qdel_other_users_job", Took.REFUSED),
        ("history_off_qdel_JOB", Took.UNKNOWN),
        ("qhold_finished", Took.FINISHED),
        ("qrls_unknown", Took.UNKNOWN),
    ],
)
def test_a_job_that_changed_between_the_look_and_the_command(name: str, expected: Took) -> None:
    answers, _ = answered(cancel(OPEN, ["7.pbs-host"]), CommandResult(0, RUNNING, ""), told(name))
    assert answers["7.pbs-host"].took is expected


def test_a_job_that_is_exiting_has_ended() -> None:
    """Recorded: "Request invalid for state of job", and by the word of qstat before that."""
    said = output("qdel_while_exiting").stderr
    answers, _ = answered(
        cancel(OPEN, ["7.pbs-host"]),
        CommandResult(0, RUNNING, ""),
        CommandResult(0, f"{said}@status 168\n", ""),
    )
    assert answers["7.pbs-host"].took is Took.FINISHED
    exiting = CommandResult(0, output("qstat_-f_exiting").stdout, "")
    answers, commands = answered(cancel(OPEN, ["110.pbs-host"]), exiting)
    assert answers["110.pbs-host"].took is Took.FINISHED
    assert len(commands) == 1


def test_an_operators_hold_is_not_the_users_to_release() -> None:
    """Recorded: qrls takes away the user's own hold, leaves the other, and ends with 0."""
    held = "Job Id: 673.pbs-host\n    job_state = H\n    Hold_Types = {}\n    substate = 20\n\n"
    for holds, expected in (("ou", Took.REFUSED), ("o", Took.REFUSED), ("u", Took.DONE)):
        answers, commands = answered(
            release(OPEN, ["673.pbs-host"]),
            CommandResult(0, held.format(holds), ""),
            CommandResult(0, "@status 0\n", ""),
        )
        assert answers["673.pbs-host"].took is expected
        assert commands[-1].startswith("qrls 673.pbs-host")


@pytest.mark.parametrize("name", ["server_down_qdel", "server_down_qhold"])
def test_a_server_that_goes_away_in_between(name: str) -> None:
    with pytest.raises(SchedulerUnavailable):
        answered(cancel(OPEN, ["7.pbs-host"]), CommandResult(0, RUNNING, ""), told(name))


def test_an_answer_that_was_cut_short() -> None:
    with pytest.raises(SchedulerUnavailable):
        answered(
            cancel(OPEN, ["7.pbs-host"]), CommandResult(0, RUNNING, ""), CommandResult(0, "", "")
        )


def test_several_ids_in_one_qdel_would_not_all_be_answered() -> None:
    """Which is why each has a command of its own: here 51 and 54 are not spoken of."""
    recorded = output("qdel_several_one_unknown")
    assert recorded.status == 153
    assert recorded.stderr.count("\n") == 1


def test_slurms_commands() -> None:
    ids = ["578", "579", "580", "581", "582", "999999", "", "not-an-id"]
    assert took(replay(hold(WRAPPERS, ids), "o-hold"), ids) == [
        *("finished", "refused", "done", "done", "refused", "unknown", "unknown", "unknown"),
    ]
    assert took(replay(release(WRAPPERS, ids), "o-release"), ids) == [
        *("finished", "done", "done", "done", "done", "unknown", "unknown", "unknown"),
    ]
    ids = ["578", "580", "579", "999999"]
    assert took(replay(cancel(WRAPPERS, ids), "o-cancel"), ids) == [
        *("finished", "done", "done", "unknown"),
    ]
    ids = ["580", "579"]
    assert took(replay(cancel(WRAPPERS, ids), "o-cancel-again"), ids) == ["finished"] * 2


def test_slurms_qdel_says_nothing_of_a_job_that_has_just_ended() -> None:
    running = next(text.stdout for _, text in steps(CONVERSATIONS.parent / "../torque/qstat-f.txt"))
    answers, _ = answered(
        cancel(WRAPPERS, ["62"]),
        CommandResult(0, running, ""),
        CommandResult(0, "@status 1\n", ""),
    )
    assert answers["62"].took is Took.FINISHED


def test_nothing_asked_nothing_done() -> None:
    for change in (cancel, hold, release):
        assert answered(change(OPEN, [])) == ({}, [])


_RESULTS = st.lists(
    st.one_of(
        st.builds(
            CommandResult,
            st.sampled_from([0, 1, 35, 153, 162, 255]),
            st.text(max_size=40),
            st.text(max_size=40),
        ),
        st.sampled_from(
            [
                CommandResult(0, RUNNING, ""),
                CommandResult(0, output("qstat_-f_queued").stdout, ""),
                CommandResult(153, "", "qstat: Unknown Job Id 9[].pbs-host\n"),
                told("qdel_unknown"),
                told("qdel_finished"),
            ]
        ),
    )
)


@given(
    st.sampled_from([OPEN, OPEN_OFF, REAL_TORQUE, WRAPPERS]),
    st.sampled_from([cancel, hold, release]),
    st.lists(
        st.sampled_from(["7.pbs-host", "13.pbs-host", "9[1].pbs-host", "9[2].pbs-host", "", "x"]),
        unique=True,
    ),
    _RESULTS,
)
def test_every_id_is_answered_or_there_is_no_answer(
    site: Site, change: object, ids: list[str], results: list[CommandResult]
) -> None:
    assert callable(change)
    conversation: Talk = change(site, ids)
    nothing = CommandResult(0, "", "")
    answers, _ = driven(conversation, lambda _, at: results[at] if at < len(results) else nothing)
    assert answers is None or set(answers) == set(ids)
