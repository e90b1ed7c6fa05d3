"""The accounting's word, on everything that a real sacct has printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.states import State
from sojourn.values.messages import Phase, Usage
from sojourn_slurm import sacct
from sojourn_slurm.commands import Commands
from tests.slurm.recorded import names, sacct_lines, steps, words_of

W, R, E = Phase.WAITING, Phase.RUNNING, Phase.ENDED
Expected = dict[str, tuple[Phase, State | None, int | None, int | None]]
EXPECTED: dict[str, Expected] = {
    "b-array-pending-sacct": {f"38_{index}": (W, None, None, None) for index in range(1, 7)},
    "b-array-scancelled-sacct": {
        f"38_{index}": (E, State.CANCELLED, None, None) for index in range(1, 7)
    },
    "b-completing-sacct": {"49": (E, State.COMPLETED, 0, None)},
    "b-dep-never-sacct": {
        "32": (E, State.FAILED, 3, None),
        "33": (W, None, None, None),
        "34": (E, State.CANCELLED, None, None),
    },
    "b-drained-pending-sacct": dict.fromkeys(("50", "51"), (W, None, None, None)),
    "b-nodefail-sacct": dict.fromkeys(("46", "47"), (E, State.NODE_FAIL, None, None)),
    "b-nodefail-sacct-dup": dict.fromkeys(("46", "47"), (E, State.NODE_FAIL, None, None)),
    "b-oom-sacct": {"45": (E, State.FAILED, None, 9)},
    "b-oom-sacct-steps": {"45": (E, State.FAILED, None, 9)},
    "b-purged-sacct": {"11_4": (E, State.FAILED, 7, None)},
    "b-running-sacct": {"35": (R, None, None, None)},
    "b-sacct-array": {
        **{f"11_{index}": (E, State.COMPLETED, 0, None) for index in (1, 2, 3, 5)},
        "11_4": (E, State.FAILED, 7, None),
    },
    "b-sacct-completed": {"7": (E, State.COMPLETED, 0, None)},
    "b-sacct-failed3": {"10": (E, State.FAILED, 3, None)},
    "b-sacct-failed3-steps": {"10": (E, State.FAILED, 3, None)},
    "b-sacct-launchfail": {
        "23": (E, State.FAILED, 1, None),
        "25": (E, State.FAILED, None, None),
        "26": (E, State.FAILED, None, None),
    },
    "b-sacct-running-pending": {
        "6": (R, None, None, None),
        **dict.fromkeys(("16", "17", "19", "21", "22"), (W, None, None, None)),
    },
    "b-scancel-pending-sacct": {"36": (E, State.CANCELLED, None, None)},
    "b-scancel-running-sacct": {"35": (E, State.CANCELLED, None, None)},
    "b-scancel-running-sacct-steps": {"35": (E, State.CANCELLED, None, None)},
    "b-signal-sacct": {
        "41": (E, State.FAILED, None, 11),
        "42": (E, State.FAILED, 9, None),
        "43": (E, State.FAILED, 44, None),
        "44": (E, State.FAILED, 2, None),
    },
    "b-timeout-sacct": {"6": (E, State.TIMEOUT, None, None)},
    "b-timeout-sacct-steps": {"6": (E, State.TIMEOUT, None, None)},
    "d-dbd-back-sacct": {"58": (E, State.COMPLETED, 0, None)},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_captures(name: str) -> None:
    answers = sacct.read(sacct_lines(name))
    said: Expected = {}
    for one in EXPECTED[name]:
        word = answers.get(one)
        assert word is not None, one
        said[one] = (word.phase, word.outcome, word.exit_code, word.signal)
    assert said == EXPECTED[name]
    assert {job if index is None else f"{job}_{index}" for job, index in answers} == said.keys()


def test_every_capture_is_used() -> None:
    wanted = "-o JobIDRaw,JobID,State,ExitCode,Reason,Start,End,Elapsed,MaxRSS"
    nine_columns = {
        name
        for name in names("[abd]-*")
        if any(wanted in command and "-j" in command for command, _ in steps(name))
    }
    assert nine_columns - EXPECTED.keys() == set()


def test_memory_is_that_of_the_step_which_used_most() -> None:
    word = sacct.read(sacct_lines("b-oom-sacct-steps")).get("45")
    assert word is not None
    assert word.usage == Usage(elapsed=1.0, cpu=0.1, max_memory=316716 * 1024, allocated_cpus=1)
    assert word.raw.count("\n") == 1, "both lines are kept"


def test_who_cancelled_it() -> None:
    word = sacct.read(sacct_lines("b-scancel-running-sacct")).get("35")
    assert word is not None
    assert word.reason == "cancelled by user 1001"
    assert word.native == "CANCELLED by 1001"


def test_what_has_never_run_has_used_nothing() -> None:
    word = sacct.read(sacct_lines("b-scancel-pending-sacct")).get("36")
    assert word is not None
    assert (word.started_at, word.usage) == (None, None)


def test_without_an_end_the_clock_has_gone_on() -> None:
    word = sacct.read(sacct_lines("d-dbd-back-sacct")).get("58")
    assert word is not None
    assert word.usage is not None
    assert (word.finished_at, word.usage.elapsed) == (None, None)


def test_it_is_told_that_a_job_could_not_be_launched() -> None:
    word = sacct.read(sacct_lines("b-sacct-launchfail")).get("25")
    assert word is not None
    assert word.reason.startswith("JobLaunchFailure")


@pytest.mark.parametrize(("shown", "name"), [("sj1", "sj1"), ("a|b", "a|b"), ("allocation", "")])
def test_the_records_say_whose_job_it_is(shown: str, name: str) -> None:
    """So that an id that was read wrongly does not make another job's end ours."""
    word = sacct.read(f"7|COMPLETED|0:0|10|20|30|10|00:05|2||n1|{shown}").get("7")
    assert word is not None
    assert (word.outcome, word.name) == (State.COMPLETED, name)


def test_the_calls() -> None:
    assert words_of(sacct.ask(Commands(), ["38", "7"])).endswith(" --jobs=38,7")
    assert "--allocations" not in sacct.ask(Commands(), ["38"]), "steps know the memory"
    assert "--starttime=now-7days" in sacct.ask_names(Commands(), ["sj0"])


lines = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.text(max_size=12), min_size=10, max_size=12).map("|".join),
        st.tuples(
            st.from_regex(r"\d{1,3}(_\d{1,3}|_\[\d-\d\])?(\.batch|\.0)?", fullmatch=True),
            st.sampled_from(["COMPLETED", "CANCELLED by 1", "RUNNING", "X"]),
            st.sampled_from(["0:0", "1:0", "", "0:9"]),
            st.sampled_from(["", "5K", "7"]),
        ).map(lambda t: f"{t[0]}|{t[1]}|{t[2]}|1|2|3|4|00:01|1|{t[3]}|n|sj1"),
    ),
    max_size=12,
)


@given(lines)
def test_no_output_is_too_odd(text: list[str]) -> None:
    answers = sacct.read("\n".join(text))
    for job, index in answers:
        word = answers.get(job if index is None else f"{job}_{index}")
        assert word is not None
        assert (word.outcome is not None) == (word.phase is Phase.ENDED)
