"""The example plugins, installed as their readers would, at work on real jobs."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn import Job, Session
from sojourn.scaffold.checking import check
from sojourn.states import State

PLUGINS = Path(__file__).parents[2] / "examples" / "plugins"
FOR_PUBLISHING = {
    "LICENSE",
    "CHANGELOG.md",
    "tests",
    "the backend is tested by the conformance kit",
    "something runs the tests by itself",
}
"""What an example in a repository of others needs not have of its own."""


@pytest.fixture
def installed(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An example, built and installed for this test."""
    name: str = request.param
    site = tmp_path / "site"
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    command = [sys.executable, "-m", "pip", *words, "--target", str(site), str(PLUGINS / name)]
    subprocess.run(command, check=True)
    monkeypatch.syspath_prepend(str(site))
    yield name
    sys.modules.pop(name.replace("-", "_"), None)


def run_to_the_end(name: str) -> None:
    with Session() as session:
        session.submit([Job(command="true", name=name)], on="local")
        records = session.poll_until_final(session.store.select(), timeout=60)
        assert [record.state for record in records] == [State.COMPLETED]


@pytest.mark.parametrize("installed", ["sojourn-job-times"], indirect=True)
def test_job_times_are_written(
    installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOJOURN_JOB_TIMES", str(tmp_path / "times.csv"))
    run_to_the_end('a "quoted", name')
    with (tmp_path / "times.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["name"] for line in lines] == ['a "quoted", name'] * len(lines)
    assert [line["to"] for line in lines][:2] == ["SUBMITTING", "QUEUED"]
    assert lines[-1]["to"] == "COMPLETED"
    assert [line["from"] for line in lines[1:]] == [line["to"] for line in lines[:-1]]
    assert lines[0]["seconds"] == ""
    assert all(0 <= float(line["seconds"]) < 60 for line in lines[1:])


@pytest.mark.parametrize("installed", ["sojourn-job-times"], indirect=True)
def test_job_times_are_not_written_unless_asked_for(installed: str, tmp_path: Path) -> None:
    run_to_the_end("quiet")
    assert not list(tmp_path.glob("*.csv"))


def git(folder: Path, *words: str) -> None:
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_CONFIG_GLOBAL": os.devnull}
    identity |= {name.replace("AUTHOR", "COMMITTER"): text for name, text in identity.items()}
    subprocess.run(["git", "-C", folder, *words], check=True, env={**os.environ, **identity})


@pytest.mark.parametrize("installed", ["sojourn-git-commit"], indirect=True)
def test_the_commit_is_part_of_what_a_job_is(
    installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    monkeypatch.chdir(repository)

    def signature() -> str:
        with Session() as session:
            return session.sign([Job(command="true")], "local")[0].signature

    outside = signature()
    git(repository, "init", "--quiet")
    (repository / "code.py").write_text("1\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "one")
    first = signature()
    assert len({outside, first}) == 2
    (repository / "code.py").write_text("2\n")
    changed = signature()
    git(repository, "commit", "--quiet", "-am", "two")
    second = signature()
    assert len({outside, first, changed, second}) == 4
    git(repository, "checkout", "--quiet", "HEAD~1")
    assert signature() == first
    with Session() as session:
        components = session.sign([Job(command="true")], "local")[0].components
    assert len(components["plugins"]["git-commit"]["commit"]) == 40


@pytest.mark.parametrize("installed", ["sojourn-git-commit"], indirect=True)
def test_a_repository_without_a_commit_stops_the_submission(
    installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sojourn.errors import PluginError

    git(tmp_path, "init", "--quiet", "empty")
    monkeypatch.chdir(tmp_path / "empty")
    with Session() as session, pytest.raises(PluginError, match="without a commit"):
        session.sign([Job(command="true")], "local")


@pytest.mark.parametrize("installed", ["sojourn-git-commit"], indirect=True)
def test_without_git_nothing_is_submitted(
    installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sojourn.errors import PluginError

    monkeypatch.setenv("PATH", str(tmp_path))
    with Session() as session, pytest.raises(PluginError, match="git is not on PATH"):
        session.sign([Job(command="true")], "local")


@pytest.mark.parametrize("name", sorted(place.name for place in PLUGINS.iterdir()))
def test_an_example_lacks_only_what_its_repository_has(name: str) -> None:
    lacks = {finding.what for finding in check(PLUGINS / name) if not finding.ok}
    assert lacks <= FOR_PUBLISHING
