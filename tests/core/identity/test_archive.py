"""The archive of a directory: the same bytes everywhere, and every tar program reads it."""

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import InvalidJob
from sojourn.identity.archive import ArchiveDigest, _block, archive_digest, tree_archive
from sojourn.identity.digests import Digests, FileIdentity, MemoryMemo
from sojourn.identity.scan import scan
from sojourn.identity.trees import read_tree

LONG = "d" * 200 + "/" + "é" * 100


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with everything that may be in one."""
    top = tmp_path / "d"
    (top / "empty").mkdir(parents=True)
    (top / LONG).parent.mkdir()
    (top / LONG).write_bytes(b"long")
    (top / "to long").symlink_to(LONG)
    (top / "-x\n'\"").write_bytes(b"q" * 512)
    (top / "run").write_bytes(b"r" * 513)
    (top / "run").chmod(0o700)
    (top / "nothing").write_bytes(b"")
    return top


def test_tar_unpacks_it_as_it_was(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    archive = b"".join(tree_archive(root))
    done = subprocess.run(["tar", "-xf", "-"], cwd=target, input=archive, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert read_tree(target, Digests(), "d") == read_tree(root, Digests(), "d")


def test_python_reads_the_same_in_it(root: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(b"".join(tree_archive(root))), mode="r:") as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == [entry.name for entry in scan(root, "d")]
    for member in members:
        assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (
            0,
            0,
            0,
            "",
            "",
        )
    assert {member.name: member.mode for member in members} == {
        "-x\n'\"": 0o644,
        LONG.partition("/")[0]: 0o755,
        LONG: 0o644,
        "empty": 0o755,
        "nothing": 0o644,
        "run": 0o755,
        "to long": 0o777,
    }


def test_the_same_directory_makes_the_same_bytes(root: Path, tmp_path: Path) -> None:
    first = b"".join(tree_archive(root))
    os.utime(root / "run", (1, 1))
    (root / "run").chmod(0o755)
    root.rename(tmp_path / "other")
    assert b"".join(tree_archive(tmp_path / "other")) == first
    assert len(first) % 10240 == 0


def test_digest_and_size_are_remembered_by_the_tree(root: Path) -> None:
    archive = b"".join(tree_archive(root))
    memo = MemoryMemo()
    tree = read_tree(root, Digests(), "d").digest
    found = archive_digest(root, tree, memo)
    assert found == (hashlib.sha256(archive).hexdigest(), len(archive))
    (root / "run").write_bytes(b"changed")
    assert archive_digest(root, tree, memo) == found  # not read again
    assert archive_digest(root, tree, None) != found


def test_its_digest_is_made_while_its_files_are_read_for_theirs(root: Path) -> None:
    memo = MemoryMemo()
    tree = read_tree(root, Digests(memo), "d").digest
    archive = b"".join(tree_archive(root))
    assert memo.archive(tree) == (hashlib.sha256(archive).hexdigest(), len(archive))


def test_it_is_not_made_so_where_a_file_was_not_read_or_is_another_than_was_listed(
    root: Path,
) -> None:
    memo = MemoryMemo()
    known = Digests(memo)
    known.file(root / "run", "run")
    tree = read_tree(root, known, "d").digest
    assert memo.archive(tree) is None, "a file that is known was not read"
    assert archive_digest(root, tree, memo) == memo.archive(tree) is not None

    entry = scan(root, "d")[-2]
    assert (entry.name, entry.size) == ("run", 513)
    for found in (FileIdentity("", 512), FileIdentity("", 513, executable=False)):
        made = ArchiveDigest()
        made.begin(entry)
        made.content(bytes(found.size))
        made.end(entry, found)
        assert made.finish() is None


def test_small_files_travel_together_and_large_ones_in_pieces(tmp_path: Path) -> None:
    top = tmp_path / "d"
    top.mkdir()
    for n in range(600):
        (top / f"{n:03}").write_bytes(os.urandom(4096))
    (top / "big").write_bytes(os.urandom(5 << 20))
    pieces = list(tree_archive(top))
    assert len(pieces) <= 9
    assert max(map(len, pieces)) <= 2 << 20
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces)), mode="r:") as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            assert content.read() == (top / member.name).read_bytes()


def test_a_file_that_grows_or_shrinks_while_it_is_read(root: Path) -> None:
    (root / "big").write_bytes(bytes(2 << 20))
    for content in (b"r" * 514, b"r"):
        pieces = tree_archive(root)
        next(pieces)
        (root / "run").write_bytes(content)
        with pytest.raises(InvalidJob, match="'run' changed while it was read"):
            for _ in pieces:
                pass
        (root / "run").write_bytes(b"r" * 513)


@given(
    st.integers(0, 2**60),
    st.binary(min_size=1, max_size=100).filter(lambda name: b"\0" not in name),
)
def test_headers_are_what_tarfile_reads(size: int, name: bytes) -> None:
    found = tarfile.TarInfo.frombuf(
        _block(name, 0o644, size, b"0", b""), "utf-8", "surrogateescape"
    )
    assert (found.size, found.mode, found.mtime) == (size, 0o644, 0)
    assert found.name.encode("utf-8", "surrogateescape") == name.rstrip(
        b"/" if found.isdir() else b""
    )
