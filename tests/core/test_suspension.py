"""Suspensions: for hosts that catch them, and for scripts that do not."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import EXIT_SUSPENDED
from sojourn.states import State
from sojourn.suspension import (
    JobHandle,
    JobSuspended,
    Suspension,
    WorkflowSuspended,
    suspension_from_json,
    suspensions_in,
)

HANDLE = JobHandle("ab" * 32, "hpc", "fit 3", State.QUEUED, "4711", "Priority", 2)
OTHER = JobHandle("cd" * 32, "here", state=State.RUNNING)

PYTHONS = sorted(
    {sys.executable, *os.environ.get("SOJOURN_TEST_PYTHONS", "").split(os.pathsep)} - {""}
)
"""This Python, and others that a developer names: the exit status is the interpreter's affair."""


@pytest.fixture(autouse=True)
def _own_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test does to the hook ends with it."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


def test_an_ordinary_except_does_not_swallow_them() -> None:
    for one in (JobSuspended(HANDLE), WorkflowSuspended([JobSuspended(HANDLE)])):
        assert isinstance(one, BaseException)
        assert not isinstance(one, Exception | SystemExit)


def test_what_they_say() -> None:
    one = JobSuspended(HANDLE)
    assert str(one) == "waiting for job fit 3 (abababab) on hpc: QUEUED, 4711, Priority"
    assert str(JobSuspended(OTHER)) == "waiting for job cdcdcdcd on here: RUNNING"
    both = WorkflowSuspended([one, JobSuspended(OTHER)], "co2")
    assert str(both) == "workflow co2 is waiting for 2 jobs on here and hpc: 1 QUEUED, 1 RUNNING"
    assert "sojourn wait abababab cdcdcdcd)" in both.how_to_go_on
    strange = JobHandle("ab" * 32, "hpc", name="a\nb", reason="c\nd")
    assert str(JobSuspended(strange)).splitlines() == [
        "waiting for job 'a\\nb' (abababab) on hpc: NEW, 'c\\nd'"
    ]


def test_a_workflow_in_a_workflow() -> None:
    inner = WorkflowSuspended([JobSuspended(HANDLE), JobSuspended(OTHER)], "inner")
    outer = WorkflowSuspended([inner, JobSuspended(HANDLE)], "outer")
    assert outer.children == (inner, outer.children[1])
    assert outer.handles == (HANDLE, OTHER)


HANDLES = st.builds(
    JobHandle,
    signature=st.text("0123456789abcdef", min_size=64, max_size=64),
    machine=st.text(max_size=5),
    name=st.text(max_size=5),
    state=st.sampled_from(State),
    scheduler_id=st.text(max_size=5),
    reason=st.text(max_size=5),
    attempt=st.integers(1, 9),
)
SUSPENSIONS: st.SearchStrategy[Suspension] = st.recursive(
    st.builds(JobSuspended, HANDLES),
    lambda inner: st.builds(
        WorkflowSuspended, st.lists(inner, min_size=1, max_size=3), st.text(max_size=5)
    ),
    max_leaves=5,
)


@given(SUSPENSIONS)
def test_they_travel_as_json_and_between_processes(one: Suspension) -> None:
    found = suspension_from_json(json.loads(json.dumps(one.to_json())))
    copied = pickle.loads(pickle.dumps(one))
    for other in (found, copied):
        assert type(other) is type(one)
        assert other.to_json() == one.to_json()
        assert other.handles == one.handles
    assert len(str(one).splitlines()) == 1


def test_records_of_a_later_release_and_damaged_ones() -> None:
    assert JobHandle.from_json({**HANDLE.to_json(), "new": 1}) == HANDLE
    for record in ({"machine": "hpc"}, {**HANDLE.to_json(), "state": "GONE"}):
        with pytest.raises(ValueError, match=r"handle|GONE"):
            JobHandle.from_json(record)
    with pytest.raises(ValueError, match="no suspension"):
        suspension_from_json({})


def test_groups_of_nothing_else_count_as_suspensions() -> None:
    one, other = JobSuspended(HANDLE), JobSuspended(OTHER)
    group = BaseExceptionGroup("g", [one, BaseExceptionGroup("h", [other])])
    assert list(suspensions_in(group)) == [one, other]
    assert list(suspensions_in(BaseExceptionGroup("g", [one, ValueError()]))) == []
    assert list(suspensions_in(ValueError())) == []


def test_hooks_are_chained_once(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[BaseException] = []
    sys.excepthook = lambda kind, error, trace: seen.append(error)
    JobSuspended(HANDLE)
    first = sys.excepthook
    JobSuspended(HANDLE)
    assert sys.excepthook is first
    error = ValueError("x")
    sys.excepthook(ValueError, error, None)
    assert seen == [error]
    sys.excepthook = lambda *parts: first(*parts)  # somebody else's, which goes on to ours
    one = JobSuspended(HANDLE)
    assert sys.excepthook is not first
    sys.excepthook(ValueError, error, None)
    assert seen == [error, error]
    with pytest.raises(SystemExit) as caught:
        sys.excepthook(JobSuspended, one, None)
    assert caught.value.code == EXIT_SUSPENDED
    assert capsys.readouterr().err.count("\n") == 2


BEGIN = """
import atexit, sys
from sojourn.suspension import JobHandle, JobSuspended, WorkflowSuspended
from sojourn.states import State
atexit.register(lambda: print("exit handlers ran"))
one = JobSuspended(JobHandle("ab" * 32, "hpc", "fit", State.QUEUED, "4711"))
sys.stdout.write("not flushed yet;")
"""
WAYS = {
    "raised": "raise one",
    "through except Exception": """
try:
    raise one
except Exception:
    print("swallowed")
""",
    "in a function, while another is handled": """
def f():
    try:
        1 / 0
    except ZeroDivisionError:
        raise one
f()
""",
    "a workflow": "raise WorkflowSuspended([one], 'co2')",
    "in a group": "raise BaseExceptionGroup('g', [one])",
    "through asyncio": """
import asyncio
async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(wait())
async def wait():
    raise one
asyncio.run(main())
""",
    "with finally": """
try:
    raise one
finally:
    sys.stdout.write("finally;")
""",
}


def run(
    python: str, *arguments: str, cwd: Path, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    """A Python that knows nothing but Sojourn's own sources: suspensions need nothing else."""
    sources = str(Path(__file__).resolve().parents[2] / "core" / "src")
    return subprocess.run(
        [python, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": sources},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_uncaught_in_a_script(way: str, python: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(BEGIN + way)
    done = run(python, "script.py", cwd=tmp_path)
    assert done.returncode == EXIT_SUSPENDED
    first, second = done.stderr.splitlines()
    assert first.startswith("sojourn: ")
    assert "waiting for" in first
    assert "on hpc: " in first
    assert "run the same command again" in second
    assert "sojourn wait abababab" in second
    assert "swallowed" not in done.stdout
    assert done.stdout.startswith("not flushed yet;")
    assert done.stdout.endswith("exit handlers ran\n")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [(["-m", "script"], ""), (["-c", "import script"], ""), (["-"], "import script")],
    ids=["module", "command", "standard input"],
)
def test_however_the_script_is_started(
    arguments: list[str], stdin: str, python: str, tmp_path: Path
) -> None:
    (tmp_path / "script.py").write_text(BEGIN + "raise one")
    done = run(python, *arguments, cwd=tmp_path, stdin=stdin)
    assert (done.returncode, len(done.stderr.splitlines())) == (EXIT_SUSPENDED, 2)


@pytest.mark.parametrize("python", PYTHONS)
def test_other_errors_are_as_ever(python: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(BEGIN + "raise ValueError('mine')")
    done = run(python, "script.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("ValueError: mine\n")


@pytest.mark.parametrize("python", PYTHONS)
def test_at_a_prompt_it_ends_nothing(python: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(BEGIN)
    stdin = "from script import one\nraise one\nprint('still', 'here')\n"
    done = run(python, "-i", cwd=tmp_path, stdin=stdin)
    assert done.returncode == 0
    assert "still here" in done.stdout
    assert "sojourn: waiting for job fit" in done.stderr
    assert "Traceback" not in done.stderr


def test_importing_them_is_light(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import sys, sojourn.suspension\n"
        "print({'pydantic', 'pluggy', 'rich', 'asyncio', 'sqlite3'} & set(sys.modules))\n"
    )
    assert run(sys.executable, "script.py", cwd=tmp_path).stdout == "set()\n"


def test_it_ends_with_3_when_nothing_goes_on_by_itself() -> None:
    stuck = JobSuspended(JobHandle("ab" * 32, "hpc", needs="change its walltime"))
    assert (stuck.exit_status, stuck.how_to_go_on) == (3, "change its walltime")
    both = WorkflowSuspended([stuck, JobSuspended(JobHandle("cd" * 32, "hpc"))])
    assert both.exit_status == 75
    assert both.needs == ("change its walltime",)
