"""What a plugin's project lacks before it is published. Each check looks, and changes nothing."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sojourn.defaults import CONTRACT_VERSION
from sojourn.scaffold.naming import clash, sound
from sojourn.scaffold.project import Project

_MARKS = re.compile(r"\bFILL\b|\bnewplugin\b")
_SUITES = {"backend": "BackendSuite", "transport": "TransportSuite"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do where it is not `ok`."""

    what: str
    ok: bool
    detail: str = ""
    advice: str = ""


def check(folder: Path) -> list[Finding]:
    """Look at a project from all sides.

    Raises:
        UsageError: there is no project.
    """
    project = Project.at(folder)
    return [finding for look in CHECKS for finding in look(project)]


def _metadata(project: Project) -> Iterator[Finding]:
    told = project.metadata
    for key, advice in {
        "name": 'name = "sojourn-NAME"',
        "version": 'version = "0.1.0"',
        "description": "one line that says what it is for",
        "readme": 'readme = "README.md"',
        "license": "a licence by its SPDX name, such as Apache-2.0",
        "authors": 'authors = [{ name = "..." }]',
        "requires-python": 'requires-python = ">=3.11"',
    }.items():
        there = bool(told.get(key)) or key in told.get("dynamic", ())
        unfilled = bool(_MARKS.search(str(told.get(key, ""))))
        detail = "is not filled in" if unfilled else "" if there else "is missing"
        yield Finding(f"metadata: {key}", there and not unfilled, detail, advice)
    typed = "Typing :: Typed" in told.get("classifiers", ())
    yield Finding("metadata: classifier Typing :: Typed", typed, "", "add it to classifiers")
    named = project.name.startswith("sojourn-")
    yield Finding(
        "metadata: name begins with sojourn-",
        named,
        project.name,
        "call it sojourn-NAME: people look for that",
    )


def _requirement(project: Project) -> Iterator[Finding]:
    wanted = [
        one for one in project.metadata.get("dependencies", ()) if re.match(r"sojourn\b(?!-)", one)
    ]
    bounded = [one for one in wanted if ">=" in one and "<" in one.replace("<=", "")]
    yield Finding(
        "requires sojourn, with both bounds",
        bool(bounded),
        ", ".join(wanted) or "not at all",
        "a contract is kept for one major version: sojourn>=0.1,<1",
    )


def _entry_points(project: Project) -> Iterator[Finding]:
    advice = '[project.entry-points.sojourn] with NAME = "package.module:plugin"'
    yield Finding("entry point", bool(project.points), ", ".join(project.points), advice)
    for name in project.points:
        try:
            sound(name)
            taken = clash(name, besides=project.name)
        except Exception as error:  # noqa: BLE001  told as a finding
            taken = str(error)
        yield Finding(f"name {name!r} is free", not taken, taken, "take another name")


def _contract(project: Project) -> Iterator[Finding]:
    for name, loaded in project.loaded.items():
        yield Finding(
            f"{name} loads and fits",
            not loaded.failure,
            loaded.failure or ", ".join(loaded.kinds),
            "`pip install` what it imports, and mend what is named here",
        )
        if loaded.failure:
            continue
        yield Finding(
            f"{name} states its contract",
            bool(loaded.contracts),
            ", ".join(map(str, loaded.contracts)),
            f"contract={CONTRACT_VERSION} in BackendInfo or TransportInfo, else"
            f" sojourn_contract = {CONTRACT_VERSION} beside the hooks: as a number, not core's",
        )


def _typing(project: Project) -> Iterator[Finding]:
    for package in project.packages:
        if package.is_dir():
            there = (package / "py.typed").is_file()
            yield Finding(f"{package.name}/py.typed", there, "", "an empty file: it says typed")
    bare = [place for file in project.modules for place in _untyped(file, project.folder)]
    detail = ", ".join(bare[:3]) + (f" and {len(bare) - 3} more" if len(bare) > 3 else "")
    yield Finding("every function has types", not bare, detail, "and `mypy --strict` looks deeper")


def _untyped(file: Path, folder: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            own = [one for one in given if one.arg not in ("self", "cls")]
            if node.returns is None or any(one.annotation is None for one in own):
                yield f"{file.relative_to(folder)}:{node.lineno} {node.name}"


def _words(project: Project) -> Iterator[Finding]:
    readme = project.folder / str(project.metadata.get("readme") or "README.md")
    text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    says = [name for name in project.points if name in text]
    yield Finding(
        "README", len(text.split()) >= 30 and bool(says or not project.points),
        f"{len(text.split())} words", "say what it does, how it is installed and configured",
    )  # fmt: skip
    for name in ("LICENSE", "CHANGELOG.md"):
        there = any(project.folder.glob(f"{name.partition('.')[0]}*"))
        yield Finding(name, there, "", f"add a file {name}")
    docless = [file for file in project.modules if not _has_docstring(file)]
    detail = ", ".join(str(file.relative_to(project.folder)) for file in docless[:3])
    yield Finding("every module says what it is for", not docless, detail, "add docstrings")
    files = [*project.modules, readme, *(project.folder / "tests").rglob("*.py")]
    marked = [
        file for file in files if file.is_file() and _MARKS.search(file.read_text(errors="replace"))
    ]
    detail = ", ".join(str(file.relative_to(project.folder)) for file in marked)
    yield Finding("no mark of the template is left", not marked, detail, "fill in, and remove FILL")


def _has_docstring(file: Path) -> bool:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return not tree.body or ast.get_docstring(tree) is not None


def _tests(project: Project) -> Iterator[Finding]:
    yield Finding(
        "tests", "def test_" in project.tests or "Suite" in project.tests, "", "add tests/"
    )
    kinds = {kind for loaded in project.loaded.values() for kind in loaded.kinds}
    for kind in sorted(kinds & _SUITES.keys()):
        suite = _SUITES[kind]
        yield Finding(
            f"the {kind} is tested by the conformance kit",
            suite in project.tests and "sojourn.testing" in project.tests,
            "",
            f"class TestMine({suite}) with a fixture machine_entry; see sojourn.testing",
        )
    hidden = any((project.folder / ".github" / "workflows").glob("*.y*ml"))
    others = (
        ".gitlab-ci.yml",
        ".circleci",
        "Jenkinsfile",
        "tox.ini",
        "noxfile.py",
        ".woodpecker.yml",
    )
    runs = hidden or any((project.folder / one).exists() for one in others)
    yield Finding("something runs the tests by itself", runs, "", "add a file for your CI")


CHECKS: tuple[Callable[[Project], Iterator[Finding]], ...] = (
    _metadata,
    _requirement,
    _entry_points,
    _contract,
    _typing,
    _words,
    _tests,
)
