"""A result as whoever asked for it sees it."""

import stat
from collections.abc import Mapping

import pytest

from sojourn.results.cache import ResultCache
from tests.core.results.samples import FILES, digest, put, signature


def test_a_result_maps_names_to_paths(cache: ResultCache) -> None:
    result = put(cache, machine="hpc", exit_code=3, remote={"big.h5": 2**40})
    assert isinstance(result, Mapping)
    assert set(result) == {"out", "field.csv"}
    assert len(result) == 2
    assert result["field.csv"].read_bytes() == FILES["field.csv"]
    assert result["out"].is_dir()
    assert result["out/"] == result["out"] == result.path / "out"
    assert result["out/a b.txt"].read_text() == "hello"
    assert dict(result.items())["out"] == result["out"]
    assert (result.signature, result.machine, result.exit_code) == (signature(), "hpc", 3)
    assert result.stdout.read_text() == "said\n"
    assert result.stderr.read_bytes() == b""
    assert result.remote == {"big.h5": 2**40}
    assert result.digests == {name: digest(content) for name, content in FILES.items()}
    assert "hpc" in repr(result)


def test_a_missing_name_is_told_with_what_there_is(cache: ResultCache) -> None:
    result = put(cache, machine="hpc", remote={"big.h5": 1})
    with pytest.raises(KeyError, match=r"no output 'nix'; there is .*'field.csv'"):
        result["nix"]
    with pytest.raises(KeyError, match=r"'big\.h5' has stayed on hpc"):
        result["big.h5"]
    assert "nix" not in result
    assert result.get("nix") is None
    with pytest.raises(KeyError, match="there is nothing"):
        put(cache, 1, {})["nix"]


def test_globs_are_the_shell_s(cache: ResultCache) -> None:
    names = ["a.csv", "b.csv", ".c.csv", "d/e.csv", "d/f.txt"]
    result = put(cache, files=dict.fromkeys(names, b"x"))

    def found(pattern: str) -> list[str]:
        return [str(path.relative_to(result.path)) for path in result.glob(pattern)]

    assert found("*.csv") == ["a.csv", "b.csv"]
    assert found("[!a].csv") == ["b.csv"]
    assert found(".*.csv") == [".c.csv"]
    assert found("d/?.*") == ["d/e.csv", "d/f.txt"]
    assert found("*") == ["a.csv", "b.csv", "d"]
    assert found("nix*") == []


def test_everything_in_a_result_is_read_only(cache: ResultCache) -> None:
    with cache.staging(signature()) as staging:
        from tests.core.results.samples import stage

        entries = stage(staging)
        (staging.files / "field.csv").chmod(0o4755)
        from sojourn.results.manifest import Manifest

        result = cache.commit(staging, Manifest(signature(), files=entries))
    place = result.path.parent
    for path in (place, *place.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = 0o555 if path.is_dir() or path.name == "field.csv" else 0o444
        assert mode == wanted, path
    assert stat.S_IMODE(cache.root.stat().st_mode) == 0o700
    executable = {entry.name for entry in result.manifest.files if entry.executable}
    assert executable == {"field.csv"}
