"""The memory of digests, used as `sojourn.identity` uses it."""

import hashlib
import os
import sqlite3
import time
from pathlib import Path

import pytest

from sojourn.identity.digests import DigestMemo, Digests, FileKey
from sojourn.store import digests as stored
from sojourn.store.store import Store

KEY = FileKey("/data/ü \n\udcff", 5, 2**62, 7, 9)


def test_what_is_remembered_is_there_in_the_next_run(store: Store) -> None:
    with store.digest_memo() as memo:
        agreed: DigestMemo = memo
        assert agreed.file_digest(KEY) is None
        agreed.remember_file(KEY, "d1")
        agreed.remember_archive("tree", "d2", 2**40)
        assert (agreed.file_digest(KEY), agreed.archive("tree")) == ("d1", ("d2", 2**40))
    with Store(store.path) as later:
        memo = later.digest_memo()
        assert (memo.file_digest(KEY), memo.archive("tree")) == ("d1", ("d2", 2**40))
        assert memo.archive("other") is None


@pytest.mark.parametrize("field", ["path", "size", "mtime_ns", "inode", "ctime_ns"])
@pytest.mark.parametrize("written", [False, True])
def test_any_difference_makes_it_another_file(store: Store, field: str, written: bool) -> None:
    memo = store.digest_memo()
    memo.remember_file(KEY, "d1")
    if written:
        memo.flush()
    other = KEY._replace(**{field: "/other" if field == "path" else 1})  # type: ignore[arg-type]
    assert memo.file_digest(other) is None
    memo.remember_file(other, "d2")
    memo.flush()
    assert memo.file_digest(other) == "d2"
    assert memo.file_digest(KEY) == ("d1" if field == "path" else None)


@pytest.mark.parametrize("written", [False, True])
def test_all_below_a_directory_at_once(store: Store, written: bool) -> None:
    memo = store.digest_memo()
    inside = [KEY._replace(path=f"/data/d{rest}") for rest in ("/a", "/ü \udcff/b", "/~")]
    outside = [KEY._replace(path=path) for path in ("/data/d", "/data/d0", "/data/d.x/a", "/data")]
    for key in (*inside, *outside):
        memo.remember_file(key, f"of {key.path!r}")
    if written:
        memo.flush()
    assert memo.files_below("/data/d/") == {key: f"of {key.path!r}" for key in inside}
    newer = inside[0]._replace(size=6)
    memo.remember_file(newer, "newer")
    assert memo.files_below("/data/d/")[newer] == "newer"


def test_writes_are_batched(store: Store) -> None:
    memo = store.digest_memo()
    version = store.version()
    for number in range(stored.BATCH - 1):
        memo.remember_file(KEY._replace(path=str(number)), "d")
    assert store.version() == version
    memo.remember_file(KEY, "d")
    assert store.version() != version


def test_what_nobody_asked_for_is_forgotten(store: Store) -> None:
    with store.digest_memo() as memo:
        memo.remember_file(KEY, "old")
        memo.remember_file(KEY._replace(path="used"), "used")
    long_ago = time.time() - stored.KEEP_UNUSED - 1
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE digests SET used_at = ?", (long_ago,))
    connection.close()
    with store.digest_memo() as memo:
        assert memo.file_digest(KEY._replace(path="used")) == "used"
    memo = store.digest_memo()
    assert memo.file_digest(KEY) is None
    assert memo.file_digest(KEY._replace(path="used")) == "used"


def test_an_unchanged_file_is_not_read(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"some bytes")
    status = path.stat()
    key = FileKey(str(path), status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)
    with store.digest_memo() as memo:
        memo.remember_file(key, "what was remembered")
    memo = store.digest_memo()
    assert Digests(memo).file(path, "input").digest == "what was remembered"
    os.utime(path)
    assert Digests(memo).file(path, "input").digest == hashlib.sha256(b"some bytes").hexdigest()
