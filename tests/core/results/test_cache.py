"""Committing, looking up, noticing damage, replacing and removing."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from sojourn.errors import DamagedResult, ResultError
from sojourn.results.cache import ResultCache
from sojourn.results.manifest import FileEntry, Manifest
from tests.core.results.samples import FILES, contents, digest, put, signature, stage


def test_a_committed_result_is_found_by_every_process(cache: ResultCache) -> None:
    assert cache.get(signature()) is None
    put(cache, attempt=2, consumed={"mesh": "d"}, finished_at=5.0)
    found = ResultCache(cache.root).get(signature())
    assert found is not None
    assert contents(found.path) == FILES
    assert (found.manifest.attempt, found.manifest.consumed) == (2, {"mesh": "d"})
    assert found.manifest.finished_at == 5.0
    assert cache.verify(signature()) is not None
    assert list((cache.root / ".staging").iterdir()) == []


def test_missing_digests_are_computed(cache: ResultCache) -> None:
    with cache.staging(signature()) as staging:
        stage(staging, {"a": b"some"})
        result = cache.commit(staging, Manifest(signature(), files=(FileEntry("a", 4),)))
    assert result.digests == {"a": digest(b"some")}


def test_links_inside_are_kept_and_checked(cache: ResultCache) -> None:
    with cache.staging(signature()) as staging:
        entries = stage(staging)
        (staging.files / "out" / "link").symlink_to("..//field.csv")
        entries += (FileEntry("out/link", kind="l", target="..//field.csv"),)
        result = cache.commit(staging, Manifest(signature(), files=entries))
    assert result["out/link"].read_bytes() == FILES["field.csv"]
    assert cache.verify(signature()) is not None


def test_empty_directories_are_outputs(cache: ResultCache) -> None:
    with cache.staging(signature()) as staging:
        (staging.files / "empty").mkdir()
        entries = (FileEntry("empty", kind="d"),)
        result = cache.commit(staging, Manifest(signature(), files=entries))
    assert list(result["empty"].iterdir()) == []


def test_what_nobody_asked_for_is_left_out(cache: ResultCache, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("kept")
    with cache.staging(signature()) as staging:
        entries = stage(staging)
        (staging.files / "out" / "surplus").write_text("x")
        (staging.files / "more" / "deep").mkdir(parents=True)
        (staging.files / "more" / "deep" / "x").write_text("x")
        (staging.files / "link").symlink_to(outside)
        result = cache.commit(staging, Manifest(signature(), files=entries))
    assert contents(result.path) == FILES
    assert cache.verify(signature()) is not None
    assert (outside / "precious").read_text() == "kept"


def spoil_missing(files: Path) -> None:
    (files / "field.csv").unlink()


def spoil_short(files: Path) -> None:
    (files / "field.csv").write_bytes(b"1")


def spoil_kind(files: Path) -> None:
    (files / "field.csv").unlink()
    (files / "field.csv").mkdir()


def spoil_link_out(files: Path) -> None:
    (files / "field.csv").unlink()
    outside = (
        files.parent.parent / "outside"
    )  # never a real file: a later test may write through it
    outside.write_bytes(b"1,2\n")
    (files / "field.csv").symlink_to(outside)


def spoil_pipe(files: Path) -> None:
    (files / "field.csv").unlink()
    os.mkfifo(files / "field.csv")


def spoil_directory(files: Path) -> None:
    (files / "out").rename(files.parent / "elsewhere")
    (files / "out").symlink_to(files.parent / "elsewhere")


@pytest.mark.parametrize(
    "spoil",
    [spoil_missing, spoil_short, spoil_kind, spoil_link_out, spoil_pipe, spoil_directory],
)
def test_what_was_not_announced_is_no_result(
    cache: ResultCache, spoil: Callable[[Path], None]
) -> None:
    with cache.staging(signature()) as staging:
        entries = stage(staging)
        spoil(staging.files)
        with pytest.raises(ResultError, match="arrived"):
            cache.commit(staging, Manifest(signature(), files=entries))
    assert cache.get(signature()) is None
    assert not cache.place(signature()).exists()
    result = put(cache)
    assert contents(result.path) == FILES, "another try is not hindered by the first"


def test_one_that_is_not_sound_does_not_keep_the_others(cache: ResultCache) -> None:
    with ExitStack() as stack:
        staged = []
        for number in range(3):
            staging = stack.enter_context(cache.staging(signature(number)))
            staged.append((staging, Manifest(signature(number), files=stage(staging))))
        spoil_short(staged[1][0].files)
        with pytest.raises(ResultError, match="arrived"):
            cache.commit_all(staged)
    assert [cache.get(signature(number)) is not None for number in range(3)] == [True, False, True]
    for number in (0, 2):
        result = cache.verify(signature(number))
        assert result is not None
        assert contents(result.path) == FILES


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped", "out/../../escaped"])
def test_no_name_leaves_the_result(cache: ResultCache, name: str) -> None:
    with cache.staging(signature()) as staging:
        entries = (*stage(staging), FileEntry(name, 1))
        with pytest.raises(ResultError, match="cannot be a result"):
            cache.commit(staging, Manifest(signature(), files=entries))
    assert cache.get(signature()) is None


@pytest.mark.parametrize("wrong", ["", "ab", "../../" + "a" * 58, "A" * 64, "a" * 64 + "\n"])
def test_what_is_no_signature_is_refused(cache: ResultCache, wrong: str) -> None:
    for use in (cache.get, cache.staging, cache.remove):
        with pytest.raises(ResultError, match="not a signature"):
            use(wrong)


def writable(path: Path) -> Path:
    path.parent.chmod(0o700)
    if not path.is_symlink():
        path.chmod(0o700 if path.is_dir() else 0o600)
    return path


def damage_removed(files: Path) -> None:
    writable(files / "field.csv").unlink()


def damage_longer(files: Path) -> None:
    with writable(files / "field.csv").open("ab") as file:
        file.write(b"x")


def damage_same_size(files: Path) -> None:
    writable(files / "field.csv").write_bytes(b"3,4\n")


def damage_kind(files: Path) -> None:
    writable(files / "field.csv").unlink()
    (files / "field.csv").mkdir()


def damage_log(files: Path) -> None:
    writable(files.parent / "logs" / "stdout").write_text("more than was said")


def damage_manifest(files: Path) -> None:
    writable(files.parent / "manifest.json").write_text("{")


def damage_no_manifest(files: Path) -> None:
    writable(files.parent / "manifest.json").unlink()


DAMAGES = [
    damage_removed,
    damage_longer,
    damage_same_size,
    damage_kind,
    damage_log,
    damage_manifest,
    damage_no_manifest,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_at_the_next_hit_and_put_right(
    cache: ResultCache, damage: Callable[[Path], None]
) -> None:
    result = put(cache)
    result.path.parent.chmod(0o700)
    damage(result.path)
    for look in (cache.get, cache.verify):
        with pytest.raises(DamagedResult, match="damaged") as caught:
            look(signature())
        assert signature()[:12] in str(caught.value)
        assert caught.value.hint
    again = put(cache)
    assert contents(again.path) == FILES
    assert cache.verify(signature()) is not None


def test_damage_that_keeps_size_and_time_is_found_on_request(cache: ResultCache) -> None:
    path = writable(put(cache)["field.csv"])
    before = path.stat()
    path.write_bytes(b"9,9\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert cache.get(signature()) is not None
    with pytest.raises(DamagedResult, match=r"'field\.csv' has other bytes"):
        cache.verify(signature())


def test_a_file_that_was_added_is_found_on_request(cache: ResultCache) -> None:
    (writable(put(cache)["out"]) / "added").write_text("x")
    with pytest.raises(DamagedResult, match="'out/added' does not belong there"):
        cache.verify(signature())


def test_a_changed_time_alone_is_put_right(cache: ResultCache) -> None:
    path = put(cache)["field.csv"]
    before = path.stat().st_mtime_ns
    os.utime(path)  # as those do who want to escape a purge
    assert path.stat().st_mtime_ns != before
    assert cache.get(signature()) is not None
    assert path.stat().st_mtime_ns == before


def test_a_later_attempt_replaces_and_an_earlier_one_does_not(cache: ResultCache) -> None:
    put(cache, attempt=1, files={"a": b"one"})
    put(cache, attempt=2, files={"a": b"two"})
    kept = put(cache, attempt=1, files={"a": b"one again"})
    assert kept["a"].read_bytes() == b"two"
    found = cache.get(signature())
    assert found is not None
    assert found["a"].read_bytes() == b"two"
    assert [path.name for path in (cache.root / ".trash").iterdir()] == []


def test_the_second_to_commit_takes_the_first_one_s(cache: ResultCache) -> None:
    first = put(cache, machine="a")
    inode = first["field.csv"].stat().st_ino
    second = put(cache, machine="b")
    assert second.machine == "a"
    assert second["field.csv"].stat().st_ino == inode


def test_removing(cache: ResultCache) -> None:
    put(cache)
    put(cache, 1)
    assert cache.remove(signature())
    assert not cache.remove(signature())
    assert cache.get(signature()) is None
    assert cache.get(signature(1)) is not None
    assert list((cache.root / ".trash").iterdir()) == []


def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    cache = ResultCache(tmp_path / "results")
    with pytest.raises(ResultError, match="cannot be used") as caught:
        cache.staging(signature())
    assert "SOJOURN_HOME" in caught.value.hint


def test_the_same_bytes_from_a_later_attempt_count_as_that_attempts(cache: ResultCache) -> None:
    put(cache, attempt=1, consumed={"mesh": "old"})
    put(cache, attempt=2, consumed={"mesh": "new"})
    again = put(cache, attempt=1, consumed={"mesh": "old"})
    assert (again.manifest.attempt, again.manifest.consumed) == (2, {"mesh": "new"})


def test_another_machines_attempts_are_counted_by_themselves(cache: ResultCache) -> None:
    put(cache, attempt=3, machine="one")
    assert put(cache, attempt=1, machine="two", files={"a": b"other"}).machine == "two"
