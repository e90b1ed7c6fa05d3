"""Values of steps, written down and read back."""

import json
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn import Remote
from sojourn.errors import InvalidJob
from sojourn.workflow.values import NoLongerSo, Values, fingerprint, inside

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=4) | st.sampled_from(["$path", "$bytes", "$$", "is"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(PLAIN)
def test_comes_back_as_it_was(value: Any) -> None:
    values = Values()
    written = json.loads(json.dumps(values.encode(value)))
    assert values.decode(written) == value


@given(PLAIN, PLAIN)
def test_fingerprints_tell_values_apart(one: Any, other: Any) -> None:
    encode = Values().encode
    same = json.dumps(encode(one), sort_keys=True) == json.dumps(encode(other), sort_keys=True)
    assert (fingerprint(encode(one)) == fingerprint(encode(other))) == same


def test_paths_are_absolute_and_hold_what_they_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("one")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "inside").write_text("two")
    values = Values()
    written = values.encode([Path("file"), {"$path": folder}])
    assert values.decode(written) == [tmp_path / "file", {"$path": folder}]
    (folder / "inside").write_text("changed")
    with pytest.raises(NoLongerSo, match="folder has been changed since"):
        values.decode(written)
    Path("file").unlink()
    with pytest.raises(NoLongerSo, match="file is no longer there"):
        values.decode(written)


def test_where_a_path_lies_does_not_count_in_its_fingerprint(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("same")
    (tmp_path / "c").write_text("other")
    a, b, c = (fingerprint(Values().encode(tmp_path / name)) for name in "abc")
    assert a == b != c


def test_remote_paths_and_enumerations() -> None:
    class Size(IntEnum):
        BIG = 3

    values = Values()
    given = [Remote("/data/x", version="2"), Remote("/data/y"), Size.BIG, (1, 2)]
    assert values.decode(values.encode(given)) == [
        Remote("/data/x", version="2"), Remote("/data/y"), 3, [1, 2],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": [1, object()]}, r"value\['a'\]\[1\] is a object"),
        ({1: 2}, "no text"),
        (Path("/there/is/nothing"), "there is no"),
        ({1, 2}, "is a set"),
    ],
)
def test_what_cannot_be_remembered_is_named(value: Any, said: str) -> None:
    with pytest.raises(InvalidJob, match=said):
        Values().encode(value)


def test_too_deep() -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(InvalidJob, match="deeper"):
        Values().encode(deep)


def test_parts_are_found_by_their_keys() -> None:
    written = Values().encode({"$path": [1, {"x": b"2"}]})
    assert Values().decode(inside(written, ["$path", 1, "x"])) == b"2"
