"""The manifest's JSON, and what is refused of a machine."""

import os
import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.results.manifest import FileEntry, Manifest, unsound
from tests.core.results.samples import signature

NAMES = st.text(st.characters(exclude_characters="\0"), min_size=1)
ENTRIES = st.builds(
    FileEntry,
    name=NAMES,
    size=st.integers(0, 2**60),
    kind=st.sampled_from("fdl"),
    digest=st.sampled_from(["", "ab" * 32]),
    target=NAMES,
    executable=st.booleans(),
    mtime_ns=st.integers(-(2**62), 2**62),
)


@given(st.lists(ENTRIES), st.dictionaries(NAMES, st.integers(0)), st.none() | st.floats(0, 1e10))
def test_json_gives_back_the_manifest(
    entries: list[FileEntry], remote: dict[str, int], at: float | None
) -> None:
    manifest = Manifest(
        signature(), 3, "hpc", 2, tuple(entries), (), remote, {"in": "d"}, at, at, at, at
    )
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_names_that_are_no_utf8_survive() -> None:
    name = os.fsdecode(b"caf\xe9")
    manifest = Manifest(signature(), files=(FileEntry(name),))
    assert Manifest.from_json(manifest.to_json().encode()).files[0].name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "signature": "a", "files": [], "logs": []}',
        '{"version": 1, "files": [], "logs": []}',
        '{"version": 1, "signature": "a", "files": [], "logs": [], "colour": "red"}',
        '{"version": 1, "signature": "a", "files": 3, "logs": []}',
        '{"version": 1, "signature": "a", "files": [{"nam": "x"}], "logs": []}',
        '{"version": 1, "signature": "a", "files": ["x"], "logs": []}',
        "\xff",
    ],
)
def test_what_is_no_manifest_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  json's own words are among them
        Manifest.from_json(text.encode("latin-1"))


def link(name: str, target: str) -> FileEntry:
    return FileEntry(name, kind="l", target=target)


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([FileEntry("/etc/passwd")], "plain relative"),
        ([FileEntry("")], "plain relative"),
        ([FileEntry(".")], "plain relative"),
        ([FileEntry("./a")], "plain relative"),
        ([FileEntry("a//b")], "plain relative"),
        ([FileEntry("a/")], "plain relative"),
        ([FileEntry("a\0b")], "plain relative"),
        ([FileEntry("..")], "leaves"),
        ([FileEntry("a/../../b")], "leaves"),
        ([FileEntry("a"), FileEntry("a")], "twice"),
        ([FileEntry("a"), FileEntry("a/b")], "no directory"),
        ([link("a", "b"), FileEntry("a/b/c")], "no directory"),
        ([FileEntry("a", kind="b")], "neither"),
        ([link("a", "/etc")], "leads out"),
        ([link("a", "..")], "leads out"),
        ([link("a/b", "../../c")], "leads out"),
        ([link("a/b", "x/../../../c")], "leads out"),
        ([link("a", "")], "leads out"),
        ([link("d/b", ".."), link("d/c", "b/../..")], "leads out"),
        ([link("d/b", ".."), link("d/c", "b/..")], "leads out"),
    ],
)
def test_what_a_machine_may_not_send(entries: list[FileEntry], word: str) -> None:
    assert word in unsound(entries)
    assert word in unsound([FileEntry("sound"), *entries])


def test_ordinary_names_are_sound() -> None:
    names = ["a", "a b", "-rf", "\n", "ü", "...", "..a", "d/..b/c", "x" * 200, "'\"$(x)`y`"]
    links = [link("d/l", "../a"), link("m", "d/..b"), link("n", "no such file")]
    assert unsound([*map(FileEntry, names), FileEntry("d", kind="d"), *links]) == ""


@given(
    st.lists(st.sampled_from(["..", ".", "a", "b", ""]), max_size=6), st.text("ab/.", max_size=9)
)
def test_no_sound_link_leads_out(folders: list[str], target: str) -> None:
    name = "/".join([*folders, "link"])
    if unsound([link(name, target)]) == "":
        led = posixpath.normpath(posixpath.join("/top", posixpath.dirname(name), target))
        assert led == "/top" or led.startswith("/top/")
