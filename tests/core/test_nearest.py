"""The nearest valid word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.nearest import did_you_mean, nearest

WORDS = ["walltime", "memory", "memory_per_cpu", "queue"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("waltime", "walltime"),
        ("Walltime", "walltime"),
        ("memroy", "memory"),
        ("memory-per-cpu", "memory_per_cpu"),
        ("partition", None),
        ("", None),
    ],
)
def test_the_nearest_word_if_one_is_near(word: str, found: str | None) -> None:
    assert nearest(word, WORDS) == found


def test_a_hint_names_the_nearest_or_all() -> None:
    assert did_you_mean("quue", WORDS) == "did you mean 'queue'?"
    assert did_you_mean("x", WORDS, what="it takes") == (
        "it takes: memory, memory_per_cpu, queue, walltime"
    )
    assert did_you_mean("x", []) == ""


@given(st.text(max_size=20), st.sets(st.text(max_size=20), max_size=5))
def test_what_is_suggested_is_one_of_the_words(word: str, words: set[str]) -> None:
    found = nearest(word, words)
    assert found is None or found in words
    if word in words and word:
        assert found is not None
        assert found.casefold() == word.casefold()
