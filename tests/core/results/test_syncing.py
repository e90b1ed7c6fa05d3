"""Bringing files to the disk, as the system's own trace of the calls shows it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sojourn.results import syncing
from sojourn.results.syncing import sync_all

_COMMIT = """
import sys
from contextlib import ExitStack
from pathlib import Path
from sojourn.results.cache import ResultCache
from sojourn.results.manifest import Manifest
from tests.core.results.samples import signature, stage
cache, files = ResultCache(Path(sys.argv[1])), {f"f{n}": b"x" for n in range(int(sys.argv[3]))}
with ExitStack() as stack:
    staged = []
    for number in range(int(sys.argv[2])):
        staging = stack.enter_context(cache.staging(signature(number)))
        staged.append((staging, Manifest(signature(number), files=stage(staging, files))))
    assert len(cache.commit_all(staged)) == int(sys.argv[2])
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(
    ("results", "files", "at_once"),
    [
        pytest.param(1, 3, 0, id="a few files"),
        pytest.param(1, 200, 1, id="many files"),
        pytest.param(100, 1, 2, id="many results, and the directories they have appeared in"),
    ],
)
def test_a_few_are_synced_one_by_one_and_many_at_once(
    tmp_path: Path, results: int, files: int, at_once: int
) -> None:
    trace = tmp_path / "trace"
    calls = "trace=fsync,syncfs"
    traced = ["strace", "-f", "-o", str(trace), "-e", calls, sys.executable, "-c", _COMMIT]
    numbers = [str(results), str(files)]
    done = subprocess.run([*traced, str(tmp_path / "results"), *numbers], capture_output=True)
    if done.returncode and b"ptrace" in done.stderr:
        pytest.skip("nothing may be traced here")
    assert done.returncode == 0, done.stderr.decode()
    said = trace.read_text()
    assert said.count("syncfs(") == at_once
    assert said.count("fsync(") >= (0 if at_once else files)
    assert said.count("fsync(") < 40


@pytest.mark.parametrize("number", [2, 100])
def test_where_the_system_cannot_each_file_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    paths = [f"{tmp_path}/{n}" for n in range(number)]
    for path in paths:
        Path(path).touch()
    synced: list[int] = []
    monkeypatch.setattr(syncing, "_syncfs", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    sync_all(tmp_path, paths)
    assert synced == [Path(path).stat().st_ino for path in paths]


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_all(tmp_path, [str(tmp_path / "gone")])


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system cannot be told")
def test_what_is_put_to_the_disk_early_is_still_whole(tmp_path: Path) -> None:
    content = os.urandom(1 << 20)
    with (tmp_path / "file").open("wb", buffering=0) as file:
        for number in range(4):
            file.write(content)
            syncing.begin_writing(file.fileno(), number << 20, 1 << 20)
    assert (tmp_path / "file").read_bytes() == content * 4
