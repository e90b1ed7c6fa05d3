"""Outputs that stayed on the machine and are asked for later."""

from pathlib import Path

import pytest

from sojourn.errors import ResultError
from sojourn.results.adding import add
from sojourn.results.cache import ResultCache
from sojourn.results.manifest import FileEntry
from sojourn.results.result import Result
from tests.core.results.samples import FILES, contents, put, signature, stage
from tests.support.ordinary_user import as_ordinary_user, give
from tests.support.programs import output, start

LATER = {"big.h5": b"big", "more/x.h5": b"x", "out/late": b"late"}


def add_later(cache: ResultCache, files: dict[str, bytes] = LATER) -> Result:
    with cache.staging(signature()) as staging:
        return add(cache, staging, stage(staging, files))


def test_what_stayed_joins_the_result(cache: ResultCache) -> None:
    before = put(cache, machine="hpc", remote={"big.h5": 3, "other.h5": 7})
    after = add_later(cache)
    assert contents(after.path) == FILES | LATER
    assert set(after) == {"field.csv", "out", "big.h5", "more"}
    assert after.remote == {"other.h5": 7}
    assert before.path == after.path
    found = cache.verify(signature())
    assert found is not None
    assert found.manifest == after.manifest
    assert {path.name for path in (cache.root / ".staging").iterdir()} == {f"{signature()}.add"}


def test_adding_twice_is_adding_once(cache: ResultCache) -> None:
    put(cache)
    add_later(cache)
    assert add_later(cache).manifest == cache.verify(signature()).manifest  # type: ignore[union-attr]


def test_nothing_is_overwritten(cache: ResultCache) -> None:
    put(cache)
    result = add_later(cache, {"field.csv": b"9,9\n", "new": b"n"})
    assert result["field.csv"].read_bytes() == FILES["field.csv"]
    assert result["new"].read_bytes() == b"n"
    assert cache.verify(signature()) is not None


@pytest.mark.parametrize("name", ["../out", "field.csv/below", "/abs"])
def test_what_does_not_fit_is_refused(cache: ResultCache, name: str) -> None:
    put(cache)
    with cache.staging(signature()) as staging, pytest.raises(ResultError, match="does not fit"):
        add(cache, staging, (FileEntry(name, 1),))
    assert cache.verify(signature()) is not None


def test_without_a_result_there_is_nothing_to_add_to(cache: ResultCache) -> None:
    with pytest.raises(ResultError, match="there is no result"):
        add_later(cache)


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path / "results")
    put(cache)
    adders = [
        start(
            """
            import sys
            from pathlib import Path
            from sojourn.results.adding import add
            from sojourn.results.cache import ResultCache
            from tests.core.results.samples import signature, stage
            cache = ResultCache(Path(sys.argv[1]))
            for number in range(10):
                with cache.staging(signature()) as staging:
                    name = f"{sys.argv[2]}/{number}"
                    add(cache, staging, stage(staging, {name: b"x", f"both {number}": b"y"}))
            """,
            cache.root,
            str(number),
        )
        for number in range(4)
    ]
    for adder in adders:
        output(adder)
    found = cache.verify(signature())
    assert found is not None
    assert len(contents(found.path)) == len(FILES) + 40 + 10


def add_as_ordinary_user(path: str) -> None:
    """Read-only directories take what is new, and are read-only again."""
    cache = ResultCache(Path(path) / "results")
    put(cache)
    result = add_later(cache)
    assert cache.verify(signature()) is not None
    for directory in (result.path.parent, result.path, result["out"], result["more"]):
        assert directory.stat().st_mode & 0o777 == 0o555


def test_adding_as_an_ordinary_user(readable_path: Path) -> None:
    place = readable_path / "own"
    place.mkdir()
    give(place)
    as_ordinary_user(add_as_ordinary_user, str(place))
