"""What a machine says of paths of the user's."""

import os
from pathlib import Path

import pytest

from sojourn.errors import BadAnswer
from sojourn.site import look
from sojourn.site.look import look_at
from sojourn.site.trip import Place, program, trip
from sojourn.transports.local import LocalTransport
from sojourn.values.remote import RemoteEntry, RemotePath
from tests.support.ordinary_user import as_ordinary_user

NASTY = ["with space", "qu'ote", "new\nline", "-dash", "$HOME `id`", "a\\b", "naïve ☃", "*", " "]

PROGRAMS = [program(name) for name in ("prelude", "look")]
"""Read now, since an ordinary user may not be able to later."""


def looked_at(root: Path, *paths: Path) -> list[RemotePath | None]:
    with trip(LocalTransport(), Place("m", str(root)), create=True) as dialogue:
        found = look_at(dialogue, [str(path) for path in paths])
    return [found[str(path)] for path in paths]


def write(path: Path, text: str, mtime: int = 1_700_000_000, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    os.utime(path, (mtime, mtime))
    return path


def test_files_links_and_what_is_not_there(tmp_path: Path) -> None:
    real = write(tmp_path / "v1" / "f", "abc", mode=0o755)
    (tmp_path / "current").symlink_to("v1")
    (tmp_path / "gone").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    paths = [
        real,
        tmp_path / "current" / "f",
        tmp_path / "gone",
        tmp_path / "no",
        tmp_path / "pipe",
    ]
    facts = RemoteEntry("file", 3, 1_700_000_000, True)
    assert looked_at(tmp_path / "root", *paths) == [
        RemotePath(facts, str(real)),
        RemotePath(facts, str(real)),
        None,
        None,
        RemotePath(RemoteEntry("other"), str(tmp_path / "pipe")),
    ]


def test_a_directory_is_listed_and_its_links_are_followed(tmp_path: Path) -> None:
    top = tmp_path / "d"
    names = [*NASTY, *(f"sub/{name}" for name in NASTY)]
    for at, name in enumerate(names):
        write(top / name, "x" * at, at)
    (top / "empty").mkdir()
    (top / "gone").symlink_to("no\nwhere")
    (top / "to-file").symlink_to("sub/-dash")
    write(tmp_path / "elsewhere" / "g", "12345", 5)
    (top / "to-dir").symlink_to("../elsewhere")
    (found,) = looked_at(tmp_path / "root", top)
    assert found is not None
    assert (found.entry, found.real, found.error) == (RemoteEntry("directory"), str(top), "")
    at = names.index("sub/-dash")
    assert found.entries == {
        **{name: RemoteEntry("file", at, at) for at, name in enumerate(names)},
        "sub": RemoteEntry("directory"),
        "empty": RemoteEntry("directory"),
        "gone": RemoteEntry("missing", target="no\nwhere"),
        "to-file": RemoteEntry("file", at, at, target="sub/-dash"),
        "to-dir": RemoteEntry("directory", target="../elsewhere"),
        "to-dir/g": RemoteEntry("file", 5, 5),
    }


def test_a_directory_with_too_much_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        write(tmp_path / "d" / name, "")
    for most, error in ((2, "too many"), (3, "")):
        monkeypatch.setattr(look, "MOST_ENTRIES", most)
        (found,) = looked_at(tmp_path / "root", tmp_path / "d")
        assert found is not None
        assert found.error == error


def test_a_loop_of_links_is_said(tmp_path: Path) -> None:
    write(tmp_path / "d" / "f", "")
    (tmp_path / "d" / "loop").symlink_to(".")
    before, found, after = looked_at(tmp_path / "root", tmp_path, tmp_path / "d", tmp_path / "d/f")
    assert before is not None
    assert found is not None
    assert after is not None
    assert "loop" in before.error
    assert "loop" in found.error
    assert after.entry.kind == "file"


def test_a_directory_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write(tmp_path / "d" / "closed" / "f", "")
    (tmp_path / "d" / "closed").chmod(0)
    root = tmp_path / "root"
    root.mkdir()
    root.chmod(0o777)
    for parent in tmp_path.parents:
        if parent.owner() == tmp_path.owner() and parent != Path("/") and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    try:
        as_ordinary_user(_is_said, str(root), str(tmp_path / "d"))
    finally:
        (tmp_path / "d" / "closed").chmod(0o700)


def _is_said(root: str, directory: str) -> None:
    (found,) = looked_at(Path(root), Path(directory))
    assert found is not None
    assert "closed" in found.error


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"what\0",
        b"file 81a4 1\0/a\0",
        b"file zz 1 1\0/a\0",
        b"file 81a4 -1 1\0/a\0",
        b"file 81a4 1 99999999999999999999999\0/a\0",
        b"list\0/a\00081a4 1 1\0f",
    ],
)
def test_an_answer_that_makes_no_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    with trip(LocalTransport(), Place("m", str(tmp_path)), create=True) as dialogue:
        dialogue.load("look")
        text = "".join(f"\\{byte:03o}" for byte in answer)
        override = f'look() {{ take "$1" >/dev/null; printf \'{text}\' >"$sj_tmp/x"; show look 0 "$sj_tmp/x"; }}\n'
        dialogue.ask(override)
        with pytest.raises(BadAnswer, match="cannot be read"):
            look_at(dialogue, ["/a"])
