"""Canonical JSON: equal values are spelt alike, others never, and errors name their place."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import InvalidJob
from sojourn.identity.canonical import canonical, signature_of

NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS, NUMBERS)
def test_numbers_are_spelt_alike_just_if_they_are_equal(one: float, other: float) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


@given(NUMBERS)
def test_a_number_reads_back_as_the_same_float(value: float) -> None:
    assert float(json.loads(canonical(value))) == value


VALUES = st.recursive(
    st.text() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-9, 9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(VALUES)
def test_the_short_way_writes_what_the_long_way_does(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(st.text("abéﬁ😀\x00", max_size=3), NUMBERS), st.randoms())
def test_the_order_of_keys_does_not_count(value: dict[str, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": {"b": [1, float("nan")]}}, "components.a.b[1] is nan"),
        ({"a": [float("-inf")]}, "components.a[0] is -inf"),
        ({"n": 2**53}, "components.n is an integer beyond"),
        ({"n": -(2**53)}, "components.n is an integer beyond"),
        ({"t": ["\ud800"]}, "components.t[0] is not UTF-8: '\\ud800'"),
        ({"t": {"\ud800": 1}}, "a key of components.t is not UTF-8"),
        ({"t": {1: 1}}, "components.t has the key 1, which is no text"),
        ({"t": {1, 2}}, "components.t is of type set"),
        ({"t": b"x"}, "components.t is of type bytes"),
    ],
)
def test_what_cannot_be_written_is_named(value: Any, said: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        canonical(value, "components")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_value_that_holds_itself_is_an_error() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(InvalidJob, match="nested deeper than 100"):
        canonical(value)


def test_the_largest_integer_and_a_larger_float() -> None:
    assert canonical(2**53 - 1) == b"9007199254740991"
    assert canonical(2.0**53) == b"9007199254740992"


def test_a_signature_is_sha256_in_hexadecimal() -> None:
    assert signature_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
