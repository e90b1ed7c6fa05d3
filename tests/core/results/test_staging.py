"""Interrupted fetches, fetches beside each other, and what they leave."""

import os
import stat
from pathlib import Path

from sojourn.results.cache import ResultCache
from sojourn.results.manifest import Manifest
from sojourn.results.staging import lock, release
from tests.core.results.samples import FILES, contents, put, signature, stage
from tests.support.programs import start


def test_a_later_fetch_goes_on_where_the_first_was_cut(cache: ResultCache) -> None:
    with cache.staging(signature()) as staging:
        (staging.files / "big").write_bytes(b"half")
        place = staging.path
    assert cache.get(signature()) is None
    with cache.staging(signature()) as staging:
        assert staging.path == place
        assert (staging.files / "big").read_bytes() == b"half"
    with cache.staging(signature(), attempt=2) as other:
        assert list(other.files.iterdir()) == [], "another attempt has other bytes"


def test_what_was_sealed_but_not_committed_can_be_written_again(cache: ResultCache) -> None:
    with cache.staging(signature()) as staging:
        entries = stage(staging)
        for path in (*staging.files.rglob("*"), staging.files, staging.path):
            path.chmod(0o555 if path.is_dir() else 0o444)
        (staging.files / "field.csv").chmod(0o555)
    with cache.staging(signature()) as staging:
        for path in (staging.path, staging.files, staging.files / "out"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert stat.S_IMODE((staging.files / "field.csv").stat().st_mode) == 0o700
        assert stat.S_IMODE((staging.files / "out" / "a b.txt").stat().st_mode) == 0o600
        result = cache.commit(staging, Manifest(signature(), files=entries))
    assert contents(result.path) == FILES


def test_two_at_once_do_not_meet(cache: ResultCache) -> None:
    with cache.staging(signature()) as first, cache.staging(signature()) as second:
        assert first.path != second.path
        ours, theirs = stage(first), stage(second)
        winner = cache.commit(second, Manifest(signature(), machine="b", files=theirs))
        loser = cache.commit(first, Manifest(signature(), machine="a", files=ours))
    assert winner.machine == loser.machine == "b"
    assert list((cache.root / ".staging").iterdir()) == []


def test_a_place_of_its_own_is_not_kept(cache: ResultCache) -> None:
    with cache.staging(signature()) as first, cache.staging(signature()) as second:
        (second.files / "x").write_text("x")
        gone = second.path
    assert not gone.exists()
    assert first.path.exists()


def test_a_killed_fetch_gives_its_place_to_the_next(cache: ResultCache) -> None:
    killed = start(
        """
        import sys
        from pathlib import Path
        from sojourn.results.cache import ResultCache
        with ResultCache(Path(sys.argv[1])).staging(sys.argv[2]) as staging:
            (staging.files / "big").write_bytes(b"half")
            print(staging.path, flush=True)
            sys.stdin.readline()
        """,
        cache.root,
        signature(),
    )
    assert killed.stdout is not None
    place = Path(killed.stdout.readline().rstrip("\n"))
    with cache.staging(signature()) as staging:
        assert staging.path != place
    killed.kill()
    killed.communicate()
    with cache.staging(signature()) as staging:
        assert staging.path == place
        assert (staging.files / "big").read_bytes() == b"half"


def test_only_the_owner_can_look_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        cache = ResultCache(tmp_path / "home" / "results")
        with cache.staging(signature()) as staging:
            for path in (cache.root, staging.path.parent, staging.path, staging.files):
                assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    finally:
        os.umask(old)


def test_a_lock_file_that_was_removed_locks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    first = lock(path)
    assert first is not None
    assert lock(path) is None
    release(first, gone=True)
    assert not path.exists()
    second = lock(path)
    assert second is not None
    assert lock(path) is None
    release(second, gone=False)
    assert path.exists()


def test_a_sound_result_is_not_touched_by_another_s_staging(cache: ResultCache) -> None:
    result = put(cache)
    with cache.staging(signature()) as staging:
        (staging.files / "field.csv").write_bytes(b"other")
    assert contents(result.path) == FILES
    assert cache.verify(signature()) is not None


def test_nothing_is_left_that_leads_a_later_fetch_astray(
    cache: ResultCache, tmp_path: Path
) -> None:
    with cache.staging(signature()) as staging:
        (staging.files / "d").mkdir()
        (staging.files / "d" / "link").symlink_to(tmp_path / "precious")
        os.mkfifo(staging.files / "pipe")
        (staging.files / "file").write_text("kept")
    with cache.staging(signature()) as staging:
        assert sorted(path.name for path in staging.files.rglob("*")) == ["d", "file"]
