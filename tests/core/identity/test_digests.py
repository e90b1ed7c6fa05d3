"""Digests of files, and when a file need not be read again."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from sojourn.errors import InvalidJob
from sojourn.identity import digests
from sojourn.identity.digests import Digests, FileIdentity, MemoryMemo
from sojourn.identity.resolve import Resolver
from tests.support.ordinary_user import as_ordinary_user, give
from tests.support.waiting import eventually


def sha256(content: bytes) -> str:
    """What the digest must be."""
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are settled after a moment, as on the file systems of today."""
    monkeypatch.setattr(digests, "SETTLED_AFTER", 0.2)


def settled(path: Path) -> Path:
    """The file, when its last change is so old that another must show."""
    eventually(lambda: time.time() - path.stat().st_ctime > digests.SETTLED_AFTER + 0.1)
    return path


def change_secretly(path: Path) -> None:
    """Change the content behind the memo's back: same size, inode and times."""
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"X")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_content_size_and_executable_bit(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    path.chmod(0o640)
    assert Digests().file(path, "f") == FileIdentity(sha256(b"abc"), 3)
    path.chmod(0o740)
    found = Digests().file(path, "f")
    assert found == FileIdentity(sha256(b"abc"), 3, executable=True)
    assert found.component() == {"kind": "file", "digest": sha256(b"abc"), "executable": True}


@pytest.mark.usefixtures("soon")
def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    settled(path)
    memo = MemoryMemo()
    read: list[bytes] = []
    first = Digests(memo).file(path, "f", read.append)
    assert Digests(memo).file(path, "f", read.append) == first == FileIdentity(sha256(b"abc"), 3)
    assert read == [b"abc"]
    (key,) = memo.files
    assert (key.path, key.size, key.inode) == (str(path), 3, path.stat().st_ino)


@pytest.mark.usefixtures("soon")
def test_any_change_is_noticed_once_the_file_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    settled(path)
    memo = MemoryMemo()
    Digests(memo).file(path, "f")
    change_secretly(path)  # even with size and time of change put back
    assert Digests(memo).file(path, "f").digest == sha256(b"Xbc")


def test_a_file_changed_just_now_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    memo = MemoryMemo()
    assert Digests(memo).file(path, "f").digest == sha256(b"abc")
    assert memo.files == {}


def test_within_a_batch_even_a_new_file_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "g").write_bytes(b"xyz")
    batch = Digests()
    read: list[bytes] = []
    for name in ("f", "g", "f", "f"):
        found = batch.file(tmp_path / name, name, read.append)
        assert found.digest == sha256((tmp_path / name).read_bytes())
    assert read == [b"abc", b"xyz"]


def test_a_large_file_is_shown_whole_and_in_pieces(tmp_path: Path) -> None:
    content = os.urandom(1 << 20) * 2
    path = tmp_path / "f"
    for size in ((1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20):
        path.write_bytes(content[:size])
        read: list[bytes] = []
        assert Digests().file(path, "f", read.append).digest == sha256(content[:size])
        assert b"".join(read) == content[:size]
        assert max(map(len, read)) <= 1 << 20


@pytest.mark.usefixtures("soon")
def test_a_read_that_gives_less_than_there_is_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"all of it")
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: read(descriptor, min(size, 4)))
    found = Digests().file(tmp_path / "f", "f")
    assert found.digest == sha256(b"all of it")


def test_a_replaced_file_with_the_same_size_and_time_is_another(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    settled(path)
    memo = MemoryMemo()
    Digests(memo).file(path, "f")
    status = path.stat()
    new = tmp_path / "new"
    new.write_bytes(b"xyz")
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(path)
    assert Digests(memo).file(path, "f").digest == sha256(b"xyz")


@pytest.mark.parametrize("after", [b"abcd", b"a", b""], ids=["grows", "shrinks", "vanishes"])
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, after: bytes) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    with pytest.raises(InvalidJob, match="changed while it was read"):
        Digests().file(path, "input 'f'", lambda _: path.write_bytes(after))


def test_missing_unreadable_and_special_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidJob, match=r"(?m)^input 'f': there is no file '.*gone'$") as caught:
        Digests().file(tmp_path / "gone", "input 'f'")
    assert caught.value.hint
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidJob, match="there is no file"):
        Digests().file(tmp_path / "file" / "below", "f")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidJob, match="neither file nor directory"):
        Digests().file(tmp_path / "pipe", "f")


def read_what_is_forbidden(place: str) -> None:
    """As an ordinary user: files and directories that may not be read or looked into."""
    path = Path(place) / "f"
    path.write_bytes(b"abc")
    path.chmod(0)
    with pytest.raises(InvalidJob, match="cannot be read: Permission denied"):
        Digests().file(path, "f")
    folder = Path(place) / "d"
    (folder / "below").mkdir(parents=True)
    resolver = Resolver(Digests())
    for mode in (0o600, 0o000):
        folder.chmod(mode)
        for hidden in (folder, folder / "below"):
            with pytest.raises(InvalidJob, match="cannot be read: Permission denied"):
                resolver.local(hidden, "d")


def test_what_may_not_be_read(readable_path: Path) -> None:
    place = readable_path / "own"
    place.mkdir()
    give(place)
    as_ordinary_user(read_what_is_forbidden, str(place))
