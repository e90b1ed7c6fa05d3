"""Full disks and directories that cannot be written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sojourn.errors import ResultError
from sojourn.results.cache import ResultCache
from sojourn.results.manifest import FileEntry, Manifest
from tests.core.results.samples import FILES, contents, put, signature, stage
from tests.support.ordinary_user import as_ordinary_user, give
from tests.support.small_disk import fill, small_disk


@pytest.mark.root
def test_a_full_disk_shows_nothing_half_way(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        cache = ResultCache(disk / "results")
        put(cache)
        with cache.staging(signature(1)) as staging:
            entries = stage(staging)
            filling = fill(disk)
            with pytest.raises(ResultError, match="no space left") as caught:
                cache.commit(staging, Manifest(signature(1), files=entries))
            assert "sojourn gc" in caught.value.hint
        assert cache.get(signature(1)) is None
        kept = cache.verify(signature())
        assert kept is not None
        assert contents(kept.path) == FILES
        assert cache.remove(signature()), "removing needs no space"
        filling.unlink()
        with cache.staging(signature(1)) as staging:
            assert contents(staging.files) == FILES, "what had come was kept"
            cache.commit(staging, Manifest(signature(1), files=entries))
        assert cache.verify(signature(1)) is not None


def use_a_read_only_cache(path: str) -> None:
    """As an ordinary user: results can be had, and none put or removed."""
    cache = ResultCache(Path(path) / "results")
    put(cache)
    for each in (cache.root, cache.root / ".staging", cache.place(signature()).parent):
        each.chmod(0o500)
    found = cache.get(signature())
    assert found is not None
    assert contents(found.path) == FILES
    for use in (lambda: cache.staging(signature(1)), lambda: cache.remove(signature())):
        with pytest.raises(ResultError, match="Permission denied") as caught:
            use()
        assert "SOJOURN_HOME" in caught.value.hint
    assert cache.verify(signature()) is not None
    cache.root.chmod(0o700)


def change_a_result(path: str) -> None:
    """As an ordinary user: the result's own user cannot change it by accident."""
    cache = ResultCache(Path(path) / "results")
    result = put(cache)
    for each in ("field.csv", "out/a b.txt"):
        with pytest.raises(PermissionError):
            result[each].write_text("oops")
        with pytest.raises(PermissionError):
            result[each].unlink()
    for directory in (result.path, result["out"], result.path.parent):
        with pytest.raises(PermissionError):
            (directory / "new").touch()
    again = put(cache, attempt=2, files={"a": b"new"})
    assert contents(again.path) == {"a": b"new"}
    assert cache.remove(signature())
    assert not cache.place(signature()).exists()


def be_cut_while_sealing(path: str) -> None:
    """As an ordinary user: read-only rests of a commit do not hinder the next fetch."""
    cache = ResultCache(Path(path) / "results")
    with cache.staging(signature()) as staging:
        stage(staging)
        for each in (*staging.files.rglob("*"), staging.files):
            each.chmod(0o555 if each.is_dir() else 0o444)
    assert contents(put(cache).path) == FILES


def look_into_another_s_cache(path: str) -> None:
    """As an ordinary user: an unreadable manifest is an error, not a missing result."""
    cache = ResultCache(Path(path) / "results")
    put(cache)
    (cache.place(signature()) / "manifest.json").chmod(0)
    with pytest.raises(ResultError, match="Permission denied"):
        cache.get(signature())
    cache.root.chmod(0)
    with pytest.raises(ResultError, match="Permission denied"):
        cache.get(signature())
    cache.root.chmod(0o700)


@pytest.mark.parametrize(
    "function",
    [
        use_a_read_only_cache,
        change_a_result,
        be_cut_while_sealing,
        look_into_another_s_cache,
    ],
)
def test_as_an_ordinary_user(function: Callable[[str], None], readable_path: Path) -> None:
    place = readable_path / "own"
    place.mkdir()
    give(place)
    as_ordinary_user(function, str(place))


def test_the_error_for_a_missing_file_names_it(cache: ResultCache) -> None:
    with cache.staging(signature()) as staging:
        entries = (*stage(staging), FileEntry("never sent", 3))
        with pytest.raises(ResultError, match="'never sent' has not arrived"):
            cache.commit(staging, Manifest(signature(), files=entries))
