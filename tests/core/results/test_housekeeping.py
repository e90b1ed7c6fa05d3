"""Sizes, and what gc removes and what it leaves."""

import os
import time
from pathlib import Path

from sojourn.results.cache import ResultCache
from sojourn.results.housekeeping import STAGING_KEEP, TRASH_KEEP, collect, stored
from tests.core.results.samples import put, signature

HOUR = 3600.0


def filled(cache: ResultCache) -> None:
    """Five results of at least 1000 bytes, used 5, 4, 3, 2 and 1 hours ago."""
    for number in range(5):
        put(cache, number, files={"x": bytes(1000)})
        used(cache, number, 5 - number)


def used(cache: ResultCache, number: int, hours: float) -> None:
    at = time.time() - hours * HOUR - 60
    os.utime(cache.place(signature(number)), (at, at))


def left(cache: ResultCache) -> list[int]:
    return [number for number in range(5) if cache.place(signature(number)).exists()]


def numbers(found: object) -> list[int]:
    signatures = [signature(number) for number in range(5)]
    return [signatures.index(each.signature) for each in found]  # type: ignore[attr-defined]


def test_results_are_listed_by_their_last_use(cache: ResultCache) -> None:
    assert stored(cache) == ()
    filled(cache)
    found = stored(cache)
    assert numbers(found) == [0, 1, 2, 3, 4]
    assert all(1000 < each.size < 4000 for each in found)
    assert 4 * HOUR < time.time() - found[0].used_at < 6 * HOUR


def test_a_hit_counts_as_use(cache: ResultCache) -> None:
    filled(cache)
    cache.get(signature(0))
    assert numbers(stored(cache)) == [1, 2, 3, 4, 0]


def test_what_was_not_used_for_long_goes(cache: ResultCache) -> None:
    filled(cache)
    assert numbers(collect(cache, older_than=3.5 * HOUR, dry_run=True)) == [0, 1]
    assert left(cache) == [0, 1, 2, 3, 4]
    assert numbers(collect(cache, older_than=3.5 * HOUR)) == [0, 1]
    assert left(cache) == [2, 3, 4]
    assert collect(cache, older_than=3.5 * HOUR) == ()


def test_the_longest_unused_go_until_the_rest_fits(cache: ResultCache) -> None:
    filled(cache)
    each = stored(cache)[0].size
    assert collect(cache, keep_size=10**9) == ()
    assert numbers(collect(cache, keep_size=each * 2 + 500)) == [0, 1, 2]
    assert left(cache) == [3, 4]
    assert numbers(collect(cache, keep_size=0)) == [3, 4]
    assert left(cache) == []


def test_what_is_to_be_kept_stays(cache: ResultCache) -> None:
    filled(cache)
    removed = collect(cache, older_than=0.0, keep={signature(0), signature(3)})
    assert numbers(removed) == [1, 2, 4]
    assert left(cache) == [0, 3]


def test_without_a_limit_no_result_goes(cache: ResultCache) -> None:
    filled(cache)
    assert collect(cache) == ()
    assert left(cache) == [0, 1, 2, 3, 4]


def test_damaged_results_go_like_others(cache: ResultCache) -> None:
    filled(cache)
    place = cache.place(signature(0))
    place.chmod(0o700)
    (place / "manifest.json").unlink()
    used(cache, 0, 9)
    assert numbers(collect(cache, older_than=8 * HOUR)) == [0]


def age(directory: Path, seconds: float) -> None:
    at = time.time() - seconds
    for path in (*directory.rglob("*"), directory):
        os.utime(path, (at, at), follow_symlinks=False)


def test_rests_of_old_fetches_go_and_those_in_use_stay(cache: ResultCache) -> None:
    for number in range(3):
        with cache.staging(signature(number)) as staging:
            (staging.files / "big").write_text("half")
            age(staging.path, STAGING_KEEP + 60 if number else STAGING_KEEP - 60)
    with cache.staging(signature(2)) as used_now:
        age(used_now.path, STAGING_KEEP + 60)
        collect(cache, dry_run=True)
        assert (cache.root / ".staging" / f"{signature(1)}.1").exists()
        collect(cache)
        names = {path.name for path in used_now.path.parent.iterdir()}
        kept = {f"{signature(0)}.1", f"{signature(2)}.1"}
        assert names == kept | {f"{name}.lock" for name in kept}


def test_rests_of_removals_go(cache: ResultCache) -> None:
    filled(cache)
    trash = cache.root / ".trash"
    trash.mkdir()
    for number, name in enumerate(("a" * 16, "b" * 16)):
        place = cache.place(signature(number))
        place.chmod(0o700)
        place.rename(trash / name)
    age(trash / ("a" * 16), TRASH_KEEP + 60)
    age(trash / ("b" * 16), TRASH_KEEP - 60)
    collect(cache)
    assert [path.name for path in trash.iterdir()] == ["b" * 16]
