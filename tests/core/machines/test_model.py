"""The machine's own values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sojourn.machines.model import CORE_KEYS, Machine, Poll, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("0.5s", 0.5), ("0.25", 0.25), (" 2 ", 2), ("2m", 120), ("1h30m", 5400),
     ("1:30:00", 5400), (0.1, 0.1), (7, 7)],
)  # fmt: skip
def test_durations(text: str | float, seconds: float) -> None:
    assert parse_seconds(text) == seconds
    assert Poll.model_validate({"interval": text}).interval == seconds


@given(st.floats(min_value=0.001, max_value=1e6))
def test_seconds_are_read_as_they_are_printed(seconds: float) -> None:
    assert parse_seconds(f"{seconds:.6f}s") == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize("text", ["", "soon", "-3", "3 weeks", True, None])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_seconds(text)


@pytest.mark.parametrize("root", ["/", "/a b", "~", "~/x", "/ü"])
def test_roots(root: str) -> None:
    assert Machine(name="a", backend="b", root=root).root == root


@pytest.mark.parametrize("root", ["", "a", "./a", "~other/x", "$HOME", "/a\nb", "/a\0b"])
def test_what_is_no_root(root: str) -> None:
    with pytest.raises(ValidationError):
        Machine(name="a", backend="b", root=root)


def test_a_path_may_be_one_directory() -> None:
    assert Machine.model_validate({"name": "a", "backend": "b", "path": "/x"}).path == ("/x",)


def test_the_keys_of_core() -> None:
    assert {
        "backend", "transport", "root", "shell", "path", "setup", "defaults", "poll", "max_jobs",
        "group", "lost_after", "trust",
    } == CORE_KEYS  # fmt: skip
