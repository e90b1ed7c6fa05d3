"""Ids as Slurm prints them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn_slurm.ids import Answers, bracketed, is_id, job_of, task_ranges

indices = st.integers(0, 4_000_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", [3]),
        ("3-6%2", [3, 4, 5, 6]),
        ("0,4-5", [0, 4, 5]),
        ("0-10:5", [0, 5, 10]),
        ("1,3,...", [1, 3]),
        ("", []),
        ("6-3", []),
        ("0-4:0", [0, 1, 2, 3, 4]),
    ],
)
def test_lists_of_tasks(text: str, expected: list[int]) -> None:
    assert [index for span in task_ranges(text) for index in span] == expected


@pytest.mark.parametrize("text", ["38", "38_0", "134217771_12"])
def test_our_ids(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize(
    "text", ["", "abc", "38_", "_3", "38_[1-2]", "38.batch", "-38", "38;rm", "38 39", "38_1_2", "٣"]
)
def test_what_is_no_id_of_ours(text: str) -> None:
    assert not is_id(text)


def test_tasks_of_an_array_go_into_one_word() -> None:
    ids = ["9_3", "7", "9_1", "9_2", "9_7", "8_0", "9_3"]
    assert list(bracketed(ids)) == ["7", "9_[1-3,7]", "8_[0]"]


@given(st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(0, 30)), max_size=40))
def test_every_id_is_found_again_under_its_bracket(pairs: list[tuple[int, int | None]]) -> None:
    ids = [f"{job}" if index is None else f"{job}_{index}" for job, index in pairs]
    answers: Answers[str] = Answers()
    for word in bracketed(ids):
        assert answers.put(word, "named")
    assert all(answers.get(one) == "named" for one in ids)
    assert set(answers) == {(str(job), index) for job, index in pairs}


def test_a_line_of_its_own_outranks_a_shared_one() -> None:
    answers: Answers[str] = Answers()
    answers.put("38_[1-6%2]", "waits")
    answers.put("38_2", "runs")
    assert answers.get("38_1") == "waits"
    assert answers.get("38_2") == "runs"
    assert answers.get("38_7") is None
    assert answers.get("38") is None
    assert answers.jobs == {"38"}


@pytest.mark.parametrize("printed", ["38_1,3", "38_1-3", "38_[1-3]", "38_[1,2,3%1]"])
def test_the_spellings_of_several_tasks(printed: str) -> None:
    answers: Answers[int] = Answers()
    assert answers.put(printed, 1)
    assert (answers.get("38_1"), answers.get("38_3"), answers.get("38_4")) == (1, 1, None)


def test_the_first_part_of_a_heterogeneous_job_stands_for_it() -> None:
    answers: Answers[int] = Answers()
    assert answers.put("38+0", 1)
    assert not answers.put("38+1", 2)
    assert answers.get("38") == 1


@given(st.text(alphabet="0123456789_[]-,%:+. ab٣", max_size=30), indices)
def test_nothing_printed_is_too_odd(text: str, index: int) -> None:
    answers: Answers[int] = Answers()
    answers.put(text, 1)
    answers.get(text)
    assert answers.get(f"{job_of(text)}_{index}") in (None, 1)
