"""Directories: what counts in their identity, what does not, and what has none."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import InvalidJob
from sojourn.identity import digests as digests_module
from sojourn.identity.digests import Digests, FileKey
from sojourn.identity.scan import leaves, scan
from sojourn.identity.trees import read_tree
from sojourn.store.store import Store


def digest(root: Path) -> str:
    """The identity of a directory."""
    return read_tree(root, Digests(), "input 'd'").digest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with a file, an executable, a link, and one that is empty."""
    top = tmp_path / "d"
    (top / "sub" / "empty").mkdir(parents=True)
    (top / "a.txt").write_text("a")
    (top / "sub" / "run").write_text("run")
    (top / "sub" / "run").chmod(0o755)
    (top / "link").symlink_to("sub/run")
    return top


def test_what_it_holds(root: Path) -> None:
    entries = [(entry.name, entry.kind) for entry in scan(root, "d")]
    assert entries == [
        ("a.txt", "file"),
        ("link", "link"),
        ("sub", "directory"),
        ("sub/empty", "directory"),
        ("sub/run", "file"),
    ]
    listed = read_tree(root, Digests(), "d").entries
    assert list(listed) == ["a.txt", "link", "sub/empty", "sub/run"]


def test_times_owners_and_other_permissions_do_not_count(root: Path, tmp_path: Path) -> None:
    before = digest(root)
    os.utime(root / "a.txt", (1, 1))
    (root / "a.txt").chmod(0o600)
    (root / "sub").chmod(0o700)
    root.rename(tmp_path / "elsewhere")
    assert digest(tmp_path / "elsewhere") == before


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "a.txt").write_text("b"),
        lambda root: (root / "a.txt").chmod(0o755),
        lambda root: (root / "a.txt").rename(root / "b.txt"),
        lambda root: (root / "sub" / "empty").rmdir(),
        lambda root: (root / "more").mkdir(),
        lambda root: (root / "more").write_text(""),
        lambda root: ((root / "link").unlink(), (root / "link").symlink_to("./sub/run")),
        lambda root: ((root / "link").unlink(), (root / "link").write_text("run")),
    ],
    ids=["content", "bit", "name", "less", "more", "hidden", "target", "kind"],
)
def test_whatever_else_changes_counts(root: Path, change: object) -> None:
    before = digest(root)
    assert callable(change)
    change(root)
    assert digest(root) != before


def test_a_directory_that_is_reached_by_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "to").symlink_to(root)
    assert digest(tmp_path / "to") == digest(root)


def test_many_files_are_looked_up_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And none that is remembered is read again."""
    root = tmp_path / "many"
    root.mkdir()
    for number in range(40):
        (root / f"{number}").write_bytes(b"x" * number)
    monkeypatch.setattr(digests_module, "SETTLED_AFTER", -1e9)
    with Store(tmp_path / "store.db") as store:
        with store.digest_memo() as memo:
            first = read_tree(root, Digests(memo), "it")
        asked: list[FileKey] = []
        with store.digest_memo() as memo:
            monkeypatch.setattr(memo, "file_digest", asked.append)
            monkeypatch.setattr(Digests, "_read", lambda *_: pytest.fail("it was read again"))
            assert read_tree(root, Digests(memo), "it") == first
    assert asked == []


def test_special_files_have_no_identity(tmp_path: Path) -> None:
    for make in (os.mkfifo, _make_socket):
        make(str(tmp_path / "x"))
        with pytest.raises(InvalidJob, match="holds 'x', which is neither file, directory nor"):
            digest(tmp_path)
        (tmp_path / "x").unlink()


def _make_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)


def test_names_and_targets_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff")
    (tmp_path / "l").symlink_to(name)
    with pytest.raises(InvalidJob, match=r"target of 'l' is not UTF-8: '\\udcff'"):
        digest(tmp_path)
    (tmp_path / "l").unlink()
    (tmp_path / name).write_text("")
    with pytest.raises(InvalidJob, match="name of a file in it is not UTF-8"):
        digest(tmp_path)


NAMES = st.sampled_from(["a", "b", "a/c", "a/d/e"])
TARGETS = st.lists(
    st.sampled_from(["..", ".", "a", "b", "c", "d", "e", "x"]), min_size=1, max_size=6
)


@given(st.dictionaries(NAMES, TARGETS.map("/".join), max_size=4))
def test_links_that_stay_are_those_that_the_system_keeps_inside(links: dict[str, str]) -> None:
    """Followed by hand in a model of the file system with nothing but these links in it."""
    for name, target in links.items():
        if not leaves(name, target, links):
            reached = _follow(name.split("/")[:-1], target, links, 0)
            assert reached is None or ".." not in reached


def _follow(at: list[str], path: str, links: dict[str, str], depth: int) -> list[str] | None:
    for part in path.split("/"):
        if depth > 60:
            return None
        if part == "..":
            at = at[:-1] if at and at[-1] != ".." else [*at, ".."]
        elif part != ".":
            further = links.get("/".join([*at, part]))
            if further is None:
                at = [*at, part]
            else:
                depth += 1
                inner = _follow(at, further, links, depth)
                if inner is None:
                    return None
                at = inner
        if ".." in at:
            return at
    return at


@pytest.mark.parametrize(
    ("name", "target", "links", "out"),
    [
        ("l", "x", {}, False),
        ("l", "/x", {}, True),
        ("l", "..", {}, True),
        ("a/l", "..", {}, False),
        ("a/l", "../..", {}, True),
        ("a/l", "../../d/a", {}, True),
        ("l", "here/..", {"here": "."}, True),
        ("l", "deep/../..", {"deep": "a/b"}, False),
        ("l", "abs/x", {"abs": "/etc"}, True),
        ("l", "l", {"l": "l"}, False),
    ],
)
def test_links_that_leave(name: str, target: str, links: dict[str, str], out: bool) -> None:
    assert leaves(name, target, {name: target, **links}) is out
