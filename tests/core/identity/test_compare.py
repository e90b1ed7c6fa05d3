"""Naming what differs between two signatures."""

import pickle
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sojourn.identity.canonical import canonical
from sojourn.identity.compare import ABSENT, Difference, changed_words, differences
from sojourn.identity.signature import sign
from sojourn.values.job import Job


def test_every_kind_of_difference() -> None:
    before = {
        "a": 1,
        "gone": None,
        "list": [1, 2],
        "same": {"x": [1]},
        "inputs": {"m.dat": {"d": "1"}},
    }
    after = {
        "a": True,
        "list": [1, 3],
        "same": {"x": [1.0]},
        "inputs": {"m.dat": {"d": "2"}},
        "new": 0,
    }
    found = differences(before, after)
    assert found == [
        Difference(("a",), 1, True),
        Difference(("gone",), None, ABSENT),
        Difference(("inputs", "m.dat", "d"), "1", "2"),
        Difference(("list", 1), 2, 3),
        Difference(("new",), ABSENT, 0),
    ]
    assert [one.component for one in found] == ["a", "gone", "inputs['m.dat'].d", "list[1]", "new"]
    assert str(found[1]) == "gone: None -> absent"
    assert "\n" not in str(Difference(("a",), "x\ny", "z" * 1000))


def test_lists_of_another_length_are_shown_whole() -> None:
    assert differences({"l": [1]}, {"l": [1, 2]}) == [Difference(("l",), [1], [1, 2])]


def test_the_changed_component_of_a_job_is_named() -> None:
    old = Job(command="a", inputs={"x": b"1", "y": b"2"}, env={"A": 1}, outputs=["o"])
    new = Job(command="a", inputs={"x": b"3", "y": b"2"}, env={"A": 2}, outputs=["o", "p"])
    before, after = sign(old).components, sign(new).components
    assert changed_words(before, after) == ["env.A", "inputs.x", "outputs"]
    assert changed_words(before, before) == []


def test_absent_is_one_value_in_every_process() -> None:
    assert pickle.loads(pickle.dumps(ABSENT)) is ABSENT


VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, 0.0, 1.0, "", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
)
COMPONENTS = st.dictionaries(st.sampled_from("abc"), VALUES)


@given(COMPONENTS, COMPONENTS)
def test_there_is_a_difference_just_if_the_signatures_differ(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert (differences(before, after) == []) == (canonical(before) == canonical(after))
