"""Ids as three kinds of scheduler write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.ids import IdForm

DOTS = IdForm(r"\d+", task="{job}.{index}")
LINES = IdForm(r"\d+", task="{job}_{index}")
BRACKETS = IdForm(r"\d+", task="{job}[{index}]", array="{job}[]", rest=r"(?:\.[\w.-]+)?")


@pytest.mark.parametrize(
    ("form", "text", "index", "array", "key"),
    [
        (DOTS, "101", None, "101", "101"),
        (DOTS, "101.7", 7, "101", "101.7"),
        (LINES, "38_0", 0, "38", "38_0"),
        (BRACKETS, "9.server.far", None, "9.server.far", "9"),
        (BRACKETS, "9[].server", None, "9[].server", "9[]"),
        (BRACKETS, "9[3].server", 3, "9[].server", "9[3]"),
        (BRACKETS, "9[3]", 3, "9[]", "9[3]"),
    ],
)
def test_ids(form: IdForm, text: str, index: int | None, array: str, key: str) -> None:
    assert form.valid(text)
    assert (form.index(text), form.array_of(text), form.key(text)) == (index, array, key)
    if index is not None:
        assert form.task_id(array, index) == text
    assert form.task_id(text, None) == text
    assert re.fullmatch(form.pattern, text)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        *((DOTS, text) for text in ("", "x", "101.", ".7", "1.2.3", "101,7", "-1", "٣")),
        *((LINES, text) for text in ("38_", "38_[1-2]", "38.batch", "38;rm", "38_1_2")),
        *((BRACKETS, text) for text in ("", "9[", "9[3", "9[x]", "9[3];rm", "9 .h", "[].h")),
    ],
)
def test_what_is_none_is_left_as_it_is(form: IdForm, text: str) -> None:
    assert not form.valid(text)
    assert (form.index(text), form.array_of(text), form.key(text)) == (None, text, text)
    assert form.task_of(text, 3) == text


def test_several_tasks_of_one_array() -> None:
    assert BRACKETS.task_of("9[3].h", "3-5") == "9[3-5].h"


@given(st.sampled_from([DOTS, LINES, BRACKETS]), st.integers(0, 10**9), st.integers(0, 10**6))
def test_a_task_knows_its_array_and_index(form: IdForm, job: int, index: int) -> None:
    array = form.array.format(job=job)
    task = form.task_id(array, index)
    assert (form.array_of(task), form.index(task)) == (array, index)
