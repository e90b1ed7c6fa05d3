"""What a project lacks is found; what it has is not complained of."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sojourn.cli import main
from sojourn.errors import UsageError
from sojourn.scaffold.checking import check
from sojourn.scaffold.making import make


def missing(project: Path) -> dict[str, str]:
    """What is found missing: what, and its detail."""
    return {one.what: one.detail for one in check(project) if not one.ok}


def fill_in(project: Path) -> Path:
    """Do what an author does with the template's marks."""
    for file in project.rglob("*"):
        if file.is_file() and file.suffix in (".py", ".md", ".toml"):
            text = file.read_text().replace("FILL: your name", "An Author")
            file.write_text(re.sub(r"\bFILL\b:?", "done", text))
    return project


@pytest.fixture(params=["batch", "backend", "transport", "listener"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project that lacks nothing."""
    return fill_in(make("lsf", request.param, "MIT", tmp_path))


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """A batch backend's project that lacks nothing."""
    return fill_in(make("lsf", "batch", "MIT", tmp_path))


def test_a_project_that_is_filled_in_lacks_nothing(project: Path) -> None:
    assert missing(project) == {}


def test_a_new_project_is_to_be_filled_in(tmp_path: Path) -> None:
    lacks = missing(make("lsf", "batch", "MIT", tmp_path))
    assert lacks.keys() == {"metadata: authors", "no mark of the template is left"}


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    """Changes a file of a project."""

    def change(project: Path) -> None:
        text = (project / file).read_text()
        assert old in text
        (project / file).write_text(text.replace(old, new))

    return change


def removed(*names: str) -> Callable[[Path], None]:
    """Removes files of a project."""

    def remove(project: Path) -> None:
        for name in names:
            (project / name).unlink()

    return remove


def written(file: str, text: str) -> Callable[[Path], None]:
    """Puts another text into a file of a project."""

    def write(project: Path) -> None:
        (project / file).write_text(text)

    return write


SPOILED: dict[str, tuple[Callable[[Path], None], str]] = {
    "version": (replaced("pyproject.toml", 'version = "0.1.0"\n', ""), "metadata: version"),
    "typed": (
        replaced("pyproject.toml", '  "Typing :: Typed",\n', ""),
        "metadata: classifier Typing :: Typed",
    ),
    "bounds": (
        replaced("pyproject.toml", '["sojourn>=0.1,<1"]', '["sojourn", "sojourn-slurm<3,>=1"]'),
        "requires sojourn, with both bounds",
    ),
    "name": (
        replaced("pyproject.toml", 'name = "sojourn-lsf"', 'name = "lsf"'),
        "metadata: name begins with sojourn-",
    ),
    "point": (
        replaced("pyproject.toml", "entry-points.sojourn", "entry-points.other"),
        "entry point",
    ),
    "clash": (
        replaced("pyproject.toml", 'lsf = "sojourn_lsf', 'slurm = "sojourn_lsf'),
        "name 'slurm' is free",
    ),
    "module": (
        replaced("pyproject.toml", "backend:plugin", "nowhere:plugin"),
        "lsf loads and fits",
    ),
    "newer": (
        replaced("src/sojourn_lsf/backend.py", "contract=1", "contract=99"),
        "lsf loads and fits",
    ),
    "own-name": (
        replaced("src/sojourn_lsf/backend.py", 'name="lsf"', 'name="lfs"'),
        "lsf loads and fits",
    ),
    "py.typed": (removed("src/sojourn_lsf/py.typed"), "sojourn_lsf/py.typed"),
    "untyped": (
        replaced("src/sojourn_lsf/backend.py", "(line: str) -> SchedulerWord", "(line)"),
        "every function has types",
    ),
    "readme": (written("README.md", "lsf\n"), "README"),
    "license": (removed("LICENSE"), "LICENSE"),
    "changelog": (removed("CHANGELOG.md"), "CHANGELOG.md"),
    "docstring": (
        written("src/sojourn_lsf/__init__.py", "x = 1\n"),
        "every module says what it is for",
    ),
    "tests": (removed("tests/test_parsing.py", "tests/test_conformance.py"), "tests"),
    "kit": (
        removed("tests/test_conformance.py"),
        "the backend is tested by the conformance kit",
    ),
    "ci": (removed(".github/workflows/test.yml"), "something runs the tests by itself"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_what_is_missing_is_found(what: str, batch: Path) -> None:
    spoil, expected = SPOILED[what]
    spoil(batch)
    assert expected in missing(batch)


def test_a_listener_that_states_no_contract_is_told(tmp_path: Path) -> None:
    project = fill_in(make("lsf", "listener", "MIT", tmp_path))
    replaced("src/sojourn_lsf/listener.py", "sojourn_contract = 1\n", "")(project)
    assert missing(project).keys() == {"lsf states its contract"}


def test_a_plugin_that_ends_python_is_a_finding(batch: Path) -> None:
    with (batch / "src/sojourn_lsf/backend.py").open("a") as file:
        file.write("import os\n\nos._exit(3)\n")
    assert "ended Python" in missing(batch)["lsf loads and fits"]


def test_what_is_no_project_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no .*pyproject\.toml"):
        check(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project\n")
    with pytest.raises(UsageError, match="cannot be read"):
        check(tmp_path)


def test_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plugins", "new", "lsf", "--kind", "transport", "--license", "MIT"]) == 0
    assert capsys.readouterr().out == "sojourn-lsf\n"
    assert main(["plugins", "check", "sojourn-lsf"]) == 1
    told = capsys.readouterr()
    assert "MISSING  metadata: authors" in told.out
    assert "2 of" in told.err
    fill_in(tmp_path / "sojourn-lsf")
    assert main(["plugins", "check", "sojourn-lsf", "--json"]) == 0
    assert '"ok": true' in capsys.readouterr().out
    assert main(["plugins", "new", "lsf"]) == 2
    assert main(["plugins", "new", "Lsf"]) == 2
