"""`${VARIABLE}` in values."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import ConfigError
from sojourn.machines.reading import KeyPath
from sojourn.machines.variables import expand

ENVIRON = {"USER": "me", "EMPTY": "", "TRICK": "${USER}", "_x9": "nine"}


def complain(message: str, path: KeyPath, hint: str) -> ConfigError:
    return ConfigError(f"{path}: {message}", hint=hint)


def expanded(value: Any) -> Any:
    return expand(value, ENVIRON, complain)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("/scratch/${USER}/x", "/scratch/me/x"),
        ("${USER}${USER}", "meme"),
        ("${_x9}", "nine"),
        ("a${EMPTY}b", "ab"),
        ("${TRICK}", "${USER}"),
        ("$USER $$ $( ) $", "$USER $$ $( ) $"),
        ("$${USER}", "${USER}"),
        ("$${X:-1} ${USER}", "${X:-1} me"),
        ("$$${USER}", "$${USER}"),
        ("", ""),
    ],
)
def test_text(text: str, result: str) -> None:
    assert expanded(text) == result


def test_everything_inside_is_expanded_but_keys() -> None:
    value = {"${USER}": ["${USER}", {"a": "${USER}", "b": 3}], "c": True, "d": 1.5, "e": None}
    assert expanded(value) == {
        "${USER}": ["me", {"a": "me", "b": 3}],
        "c": True,
        "d": 1.5,
        "e": None,
    }


def test_a_variable_that_is_not_set_is_named_with_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        expanded({"a": [{"b": "${NOBODY}"}]})
    assert str(caught.value) == "('a', 0, 'b'): the environment variable NOBODY is not set"
    assert "$${" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["${}", "${USER", "${1}", "${U-}", "${USER:-x}", "${a b}", "${\n}"]
)
def test_what_is_no_name_is_a_mistake(text: str) -> None:
    with pytest.raises(ConfigError, match="names no variable") as caught:
        expanded(text)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_escaping_gives_any_text_back(text: str) -> None:
    # A `$` before `${` would make another escape of it; that one text cannot be written.
    escaped = text.replace("${", "$${")
    if "$${" in text:
        return
    assert expand(escaped, {}, complain) == text


@given(st.text(), st.text())
def test_a_value_is_put_in_as_it_is(before: str, value: str) -> None:
    before = before.replace("$", "")
    assert expand(f"{before}${{X}}", {"X": value}, complain) == before + value


def test_the_file_is_where_the_mistake_is(tmp_path: Path) -> None:
    from sojourn.machines.loading import load_machines

    file = tmp_path / "m.yaml"
    file.write_text("machines:\n  a:\n    backend: local\n    root: ${NOBODY}\n")
    with pytest.raises(ConfigError, match=r"m.yaml:4: machine 'a': the environment variable"):
        load_machines(environ={"SOJOURN_MACHINES": str(file)}).get("a")
