"""Several processes that commit one result, and processes killed at every step of it."""

import json
from pathlib import Path

import pytest

from sojourn.errors import DamagedResult
from sojourn.results.cache import ResultCache
from tests.core.results.samples import FILES, contents, put, signature
from tests.support.programs import output, start

RACE = """
import json, sys
from pathlib import Path
from sojourn.results.cache import ResultCache
from tests.core.results.samples import FILES, contents, put, signature
cache = ResultCache(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
won = 0
for number in range(30):
    result = put(cache, number, machine=sys.argv[2])
    assert contents(result.path) == FILES
    won += result.machine == sys.argv[2]
print(json.dumps(won))
"""

KILLED = """
import os, signal, sys
from pathlib import Path
from sojourn.results.cache import ResultCache
from tests.core.results.samples import put

budget = int(sys.argv[2])

def audit(event, arguments):
    global budget
    if event in CALLS and str(arguments[0]).startswith(sys.argv[1]):
        if budget == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        budget -= 1

CALLS = {"open", "os.mkdir", "os.chmod", "os.rename", "os.utime", "os.remove", "os.rmdir",
         "os.scandir", "os.listdir"}
cache = ResultCache(Path(sys.argv[1]))
if sys.argv[3] == "replace":
    sys.addaudithook(audit)
    put(cache, attempt=2, files={"a": b"new"})
else:
    sys.addaudithook(audit)
    put(cache)
print("done")
"""


def test_racing_processes_end_with_one_result_each(tmp_path: Path) -> None:
    racers = [start(RACE, tmp_path / "results", f"machine {n}") for n in range(5)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [json.loads(output(racer)) for racer in racers]
    assert sum(won) >= 30
    cache = ResultCache(tmp_path / "results")
    for number in range(30):
        assert cache.verify(signature(number)) is not None
    assert list((cache.root / ".staging").iterdir()) == []


def killed_at(root: Path, step: int, what: str) -> bool:
    """Whether the process was killed before it was done."""
    process = start(KILLED, root, str(step), what)
    printed, errors = process.communicate()
    assert process.returncode in (0, -9), errors
    return printed != "done\n"


@pytest.mark.parametrize("offset", range(4))
def test_a_process_killed_at_any_step_leaves_all_or_nothing(tmp_path: Path, offset: int) -> None:
    step = offset
    while killed_at(tmp_path / str(step), step, "commit"):
        cache = ResultCache(tmp_path / str(step))
        found = cache.verify(signature())
        if found is not None:
            assert contents(found.path) == FILES
        assert contents(put(cache).path) == FILES
        assert cache.verify(signature()) is not None
        step += 4
    assert step > 20


@pytest.mark.parametrize("offset", range(4))
def test_replacing_a_result_is_all_or_nothing_too(tmp_path: Path, offset: int) -> None:
    step = offset
    while True:
        cache = ResultCache(tmp_path / str(step))
        put(cache)
        (cache.place(signature()) / "files" / "field.csv").chmod(0o644)
        if not killed_at(cache.root, step, "replace"):
            break
        found = cache.verify(signature())
        assert found is None or contents(found.path) in (FILES, {"a": b"new"})
        again = put(cache, attempt=2, files={"a": b"new"})
        assert contents(again.path) == {"a": b"new"}
        step += 4
    assert step > 20


def test_damage_is_never_a_result(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path / "results")
    path = put(cache)["field.csv"]
    path.chmod(0o644)
    path.write_bytes(b"x")
    with pytest.raises(DamagedResult):
        cache.get(signature())
