"""What `sojourn plugins new` makes installs, and its tests run at once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sojourn.errors import NotPossible, UsageError
from sojourn.scaffold.kinds import KINDS
from sojourn.scaffold.making import LICENCES, make
from sojourn.scaffold.naming import Name, sound
from tests.core.scaffold.conftest import NAMES, Installed

QUICK = ("--kit-rules", "R03,R24,R46,R47,R48,R49", "-x")
"""Saying, and running a few jobs; the whole kit runs on the templates in tests/conformance."""


@pytest.mark.parametrize("kind", KINDS)
def test_it_installs_and_its_tests_pass(kind: str, installed: Callable[[str], Installed]) -> None:
    plugin = installed(kind)
    rules = QUICK if kind in ("batch", "backend") else ()
    done = plugin.run("pytest", "-q", "-p", "no:cacheprovider", *rules)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= {"batch": 20, "backend": 15, "transport": 10, "listener": 1}[kind]
    listed = plugin.run("sojourn.cli", "plugins", "list", "--json")
    assert f'"{NAMES[kind]}"' in listed.stdout, listed.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_whole(kind: str, tmp_path: Path) -> None:
    project = make("lsf", kind, "Apache-2.0", tmp_path)
    for place in (
        "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore",
        ".github/workflows/test.yml", "src/sojourn_lsf/py.typed", "src/sojourn_lsf/__init__.py",
    ):  # fmt: skip
        assert (project / place).is_file(), place
    texts = {file: file.read_text() for file in project.rglob("*") if file.is_file()}
    assert not [
        file for file, text in texts.items() if re.search("newplugin|@[A-Z_]+@", text, re.I)
    ]
    assert any("FILL" in text for text in texts.values())


def test_the_scaffolded_backend_is_short(tmp_path: Path) -> None:
    project = make("lsf", "batch", "MIT", tmp_path)
    text = (project / "src" / "sojourn_lsf" / "backend.py").read_text()
    code = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(code) < 120


@pytest.mark.parametrize("licence", LICENCES)
def test_the_licence_is_the_one_that_was_asked_for(licence: str, tmp_path: Path) -> None:
    project = make("lsf", "listener", licence, tmp_path)
    assert f'license = "{licence}"' in (project / "pyproject.toml").read_text()
    assert licence.partition("-")[0] in (project / "LICENSE").read_text()[:400]


@pytest.mark.parametrize("word", ["local", "slurm", "pbs", "ssh", "openssh", "sojourn"])
def test_a_name_that_is_taken_is_refused(word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"cannot be called '{word}'"):
        make(word, "batch", "MIT", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "word",
    ["", "LSF", "1x", "a b", "a--b", "a/b", "a.b", "-a", "a\n", "é", "../x", "$(id)", "a" * 300],
)
def test_a_name_that_cannot_be_is_refused(word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be a plugin's name") as refused:
        make(word, "batch", "MIT", tmp_path)
    assert len(str(refused.value)) < 100
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("word", ["sojourn-lsf", "sojourn_lsf"])
def test_a_distributions_name_is_no_plugins(word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        make(word, "batch", "MIT", tmp_path)
    assert "say 'lsf'" in refused.value.hint


def test_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotPossible, match=r"sojourn-lsf cannot be written: Not a directory"):
        make("lsf", "batch", "MIT", tmp_path / "file")


def test_an_installed_plugins_name_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.core.plugins.distributions import install

    monkeypatch.syspath_prepend(
        str(
            install(
                tmp_path / "site", "sojourn-moon", points={"moon": "moon"}, modules={"moon": ""}
            )
        )
    )
    with pytest.raises(UsageError, match=r"sojourn-moon 1\.0 has it"):
        make("moon", "batch", "MIT", tmp_path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "sojourn-lsf").mkdir()
    with pytest.raises(NotPossible, match="is there already"):
        make("lsf", "batch", "MIT", tmp_path)


def test_names_are_put_into_every_form() -> None:
    name = Name("grid-engine")
    assert (name.distribution, name.package, name.camel) == (
        "sojourn-grid-engine",
        "sojourn_grid_engine",
        "GridEngine",
    )
    text = "sojourn_newplugin sojourn-newplugin Newplugin newplugin NEWPLUGIN"
    said = "sojourn_grid_engine sojourn-grid-engine GridEngine grid-engine GRID_ENGINE"
    assert name.put_into(text) == said
    assert sound("lsf9_x").package == "sojourn_lsf9_x"
