"""Writing, reading and emptying a directory: nothing beside it is ever touched."""

import os
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.cli.copying import copy_out
from sojourn.errors import UsageError
from sojourn.folder import Folder, write_all, write_file
from sojourn.results.sealing import erase

_PART = st.sampled_from(["a", "b", "c"])
_NAME = st.lists(_PART, min_size=1, max_size=4).map("/".join)
_TARGET = st.lists(st.sampled_from(["a", "b", "..", "."]), min_size=1, max_size=5).map("/".join)
_LINKS = st.lists(st.tuples(_NAME, st.one_of(st.just("f"), st.just("d"), _TARGET)), max_size=8)


def _grow(top: Path, tree: list[tuple[str, str]]) -> None:
    """Files, directories and links in a directory, as far as they fit; nothing through a link."""
    top.mkdir(exist_ok=True)
    with Folder.open(top) as folder:
        for name, kind in tree:
            with suppress(OSError):
                if kind == "d":
                    folder.make(name)
                elif kind == "f":
                    with folder.replace(name) as descriptor:
                        write_all(descriptor, b"new")
                else:
                    folder.link(name, kind)


def _seen(top: Path, aside: Path) -> dict[str, tuple[int, object]]:
    """All below `top` but what is below `aside`."""
    found: dict[str, tuple[int, object]] = {}
    for place, folders, files in os.walk(top):
        if Path(place) == aside:
            folders.clear()
            continue
        for name in [*folders, *files]:
            path = Path(place) / name
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
            found[str(path)] = (stat.S_IFMT(path.lstat().st_mode), content)
    return found


@given(st.lists(_LINKS, min_size=1, max_size=4), _LINKS)
def test_no_tree_of_links_leads_out_of_the_target(
    sources: list[list[tuple[str, str]]], before: list[tuple[str, str]]
) -> None:
    with TemporaryDirectory() as made:
        top = Path(made)
        outside = top / "a" / "b" / "c"
        outside.mkdir(parents=True)
        for place in (top, top / "a", top / "a" / "b", outside):
            for name in "abc":
                with suppress(OSError):
                    (place / name).write_text("mine")
        target = outside / "target"
        _grow(target, before)
        trees = top / "sources"
        trees.mkdir()
        for number, source in enumerate(sources):
            _grow(trees / f"{number}", source)
        kept = _seen(top, target)
        for number in range(len(sources)):
            with suppress(UsageError):
                copy_out(trees / f"{number}", target)
        assert _seen(top, target) == kept


def _swap(path: Path, outside: Path) -> None:
    """A directory is a link for a moment."""
    aside = path.with_name("aside")
    path.rename(aside)
    path.symlink_to(outside)
    path.unlink()
    aside.rename(path)


@contextmanager
def _swapping(path: Path, outside: Path) -> Iterator[None]:
    """Another thread of another user swaps a directory for a link, again and again."""
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            try:
                _swap(path, outside)
            except OSError:  # the directory was made anew meanwhile
                shutil.rmtree(path.with_name("aside"), ignore_errors=True)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_directory_swapped_for_a_link_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    source, target, outside = (tmp_path / name for name in ("source", "target", "outside"))
    outside.mkdir()
    (target / "d").mkdir(parents=True)
    (source / "d").mkdir(parents=True)
    for number in range(20):
        (source / "d" / f"{number}").write_text("x")
    with _swapping(target / "d", outside):
        for _ in range(100):
            with suppress(UsageError):
                copy_out(source, target)
    assert list(outside.iterdir()) == []


def test_removing_follows_no_link_either(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("mine")
    outside.chmod(0o755)
    for number in range(100):
        top = tmp_path / f"{number}"
        (top / "d").mkdir(parents=True)
        (top / "d" / "x").write_text("x")
        with _swapping(top / "d", outside), suppress(OSError):
            erase(top)
    assert (outside / "kept").read_text() == "mine"
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755


def _create(folder: Folder, name: str) -> None:
    os.close(folder.create(name))


def _replace(folder: Folder, name: str) -> None:
    with folder.replace(name) as descriptor:
        write_all(descriptor, b"new")


def _resume(folder: Folder, name: str) -> None:
    descriptor = folder.resume(name)
    os.lseek(descriptor, 0, os.SEEK_END)
    write_all(descriptor, b"new")
    os.close(descriptor)


WRITERS = pytest.mark.parametrize("write", [_create, _replace, _resume])


@WRITERS
def test_a_link_is_replaced_and_what_it_leads_to_is_kept(
    tmp_path: Path, write: Callable[[Folder, str], None]
) -> None:
    (tmp_path / "mine").write_text("mine")
    with Folder.open(tmp_path / "t", make=True) as folder:
        folder.link("x", "../mine")
        write(folder, "x")
    assert not (tmp_path / "t" / "x").is_symlink()
    assert (tmp_path / "mine").read_text() == "mine"


@WRITERS
def test_a_directory_in_the_place_of_a_file_is_said(
    tmp_path: Path, write: Callable[[Folder, str], None]
) -> None:
    with Folder.open(tmp_path / "t", make=True) as folder:
        folder.make("x")
        with pytest.raises(IsADirectoryError) as told:
            write(folder, "x")
        assert told.value.filename == str(tmp_path / "t" / "x")
    assert [path.name for path in (tmp_path / "t").iterdir()] == ["x"]


@pytest.mark.parametrize("kind", ["hard link", "fifo", "link"])
def test_only_a_file_of_our_own_is_continued(tmp_path: Path, kind: str) -> None:
    (tmp_path / "mine").write_text("mine")
    part = tmp_path / "t" / "part"
    part.parent.mkdir()
    if kind == "hard link":
        part.hardlink_to(tmp_path / "mine")
    elif kind == "fifo":
        os.mkfifo(part)
    else:
        part.symlink_to("../mine")
    with Folder.open(tmp_path / "t") as folder:
        _resume(folder, "part")
        _resume(folder, "part")
    assert part.read_text() == "newnew"
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", "a//x", "./x", "", "a/", "x\0"])
def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    with Folder.open(tmp_path / "t", make=True) as folder:
        for write in (_create, _replace, _resume):
            with pytest.raises((OSError, ValueError)):
                write(folder, name)
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")
    with Folder.open(tmp_path) as folder:
        for name in ("fifo", "link"):
            with pytest.raises(OSError, match=r"regular file|symbolic link"):
                folder.read(name)


def test_a_draft_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        with pytest.raises(ZeroDivisionError), folder.replace("x"):
            raise ZeroDivisionError
        assert folder.entries() == []


def test_a_named_file_is_written_through_links_of_ones_own_only(tmp_path: Path) -> None:
    (tmp_path / "own").symlink_to("there")
    write_file(tmp_path / "own", b"new")
    assert (tmp_path / "own").is_symlink()
    assert (tmp_path / "there").read_bytes() == b"new"
    if os.geteuid() != 0:
        return
    (tmp_path / "theirs").symlink_to("there")
    os.lchown(tmp_path / "theirs", 12345, 12345)
    with pytest.raises(OSError, match="another user"):
        write_file(tmp_path / "theirs", b"pwned")
    assert (tmp_path / "there").read_bytes() == b"new"


def test_a_file_that_is_written_again_keeps_to_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "x", b"1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_descriptors_are_closed(tmp_path: Path) -> None:
    def opened() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = opened()
    with Folder.open(tmp_path) as folder:
        for name in ("a/b/c", "a/x", "b/y", "z"):
            _create(folder, name)
        folder.link("l", "a")
        with suppress(OSError):
            folder.make("l/x")
        assert opened() <= before + 2
    assert opened() == before


def test_removing_does_not_begin_at_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("mine")
    outside.chmod(0o755)
    (tmp_path / "link").symlink_to(outside)
    with pytest.raises(OSError, match="symbolic link"):
        erase(tmp_path / "link")
    assert (outside / "kept").read_text() == "mine"
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755
