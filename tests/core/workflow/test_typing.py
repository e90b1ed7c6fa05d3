"""Type checkers on a user's program, with the wheel installed as a user has it."""

import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.wheels import build
from sojourn import Job, Resources
from sojourn.values.resources import ResourceWords
from sojourn.workflow.words import JobWords

RIGHT = """
from sojourn import Job, Resources, Session, Workflow, job, step


@step
def read(path: str) -> list[int]:
    return [len(path)]


@step(version=2)
def total(numbers: list[int], scale: float = 1.0) -> float:
    return sum(numbers) * scale


@job(walltime="2h", memory="1GiB", outputs=["o"], on="hpc")
def fit(number: int, seed: int = 0) -> Job:
    return Job(command=["echo", str(number)], resources={"walltime": 7200})


@job
def plain(number: int) -> str:
    return f"echo {number}"


with Workflow("w") as flow:
    print(total(read("x"), scale=2).value)
    print(total(flow.map(fit, [1, 2], seed=1)).value)
    fit(2, seed=3)
    plain(3)

with Session() as session:
    result = session.run(Job(command="true"), wait=True)
    print(result.stdout, Resources(walltime="1h").walltime)
    (handle,) = session.wait(session.jobs(name="x"))
    print(handle.state.is_final)
"""

WRONG = """
from sojourn import Job, Resources, job, step


@step
def read(path: str) -> list[int]:
    return [len(path)]


@job(walltime="2h")
def good(number: int) -> str:
    return f"echo {number}"


@job(waltime="2h")  # wrong
def fit(number: int) -> str:
    return f"echo {number}"


read(1)  # wrong
read("x", 2)  # wrong
good("1")  # wrong
good(nummer=1)  # wrong
Job(command="x", resources={"waltime": "2h"})  # wrong
Job(comand="x")  # wrong
Resources(memroy="1GiB")  # wrong
"""


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the two programs, and a virtual environment with the wheel."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "right.py").write_text(RIGHT.lstrip())
    (folder / "wrong.py").write_text(WRONG.lstrip())
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    paths = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    zipfile.ZipFile(build("core", folder)).extractall(packages)
    # What it depends on comes from here.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def pyright() -> list[str]:
    """Its command; skips the test where it cannot run, since it is a program of Node.js."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    command = [sys.executable, "-m", "pyright"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pyright cannot run here: {(done.stderr or done.stdout).strip()[-200:]}")
    return [*command, "--pythonpath"]


def mypy() -> list[str]:
    return [
        *(sys.executable, "-m", "mypy", "--config-file", "", "--cache-dir", "cache"),
        "--python-executable",
    ]


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_wrong_calls_and_words_are_errors_and_right_ones_are_not(
    user: Path, checker: Callable[[], list[str]]
) -> None:
    command = [*checker(), str(user / "venv" / "bin" / "python"), "right.py", "wrong.py"]
    done = subprocess.run(command, cwd=user, capture_output=True, text=True, check=False)
    errors = re.findall(r"(\w+\.py):(\d+)(?::\d+)?(?: -|:) error", done.stdout)
    expected = {
        ("wrong.py", str(number))
        for number, line in enumerate(WRONG.lstrip().splitlines(), 1)
        if "# wrong" in line
    }
    assert set(errors) == expected, done.stdout + done.stderr


def test_the_words_for_type_checkers_are_those_of_the_models() -> None:
    assert ResourceWords.__annotations__.keys() == Resources.model_fields.keys()
    both = {"on", *Job.model_fields, *Resources.model_fields}
    assert JobWords.__annotations__.keys() == both
