"""The kit as a pytest plugin: the choice of rules, and what a failure says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FILE = """
import pytest
from sojourn.testing import Saying

pytest_plugins = ["sojourn.testing.plugin"]

class TestIt(Saying):
    @pytest.fixture
    def machine_entry(self):
        return {"backend": "broken"}

    @pytest.fixture
    def kit_plugins(self):
        return {"broken": "tests.kit.broken.moving:ClaimsAWordThatIsNone"}
"""


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_it.py").write_text(FILE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "pytest.ini", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
    )


def test_a_file_of_its_own_is_enough_and_a_failure_says_why(tmp_path: Path) -> None:
    done = run(tmp_path, "-k", "info")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "broken rule R46 of Sojourn's contract" in done.stdout
    assert "Why: Core refuses and offers by it" in done.stdout
    assert "Read: docs/plugins/contract.md#r46" in done.stdout
    assert "an unknown resource word" in done.stdout


def test_rules_can_be_chosen(tmp_path: Path) -> None:
    done = run(tmp_path, "-p", "sojourn.testing.plugin", "--kit-rules", "r47", "-v")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_a_rule_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    done = run(tmp_path, "-p", "sojourn.testing.plugin", "--kit-rules", "R99")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "there is no rule R99" in done.stderr


def test_a_machine_that_cannot_be_used_is_no_broken_rule(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("")
    text = FILE.replace('"backend": "broken"', '"backend": "no-such-backend"')
    (tmp_path / "test_other.py").write_text(text)
    done = run(tmp_path, "test_other.py", "-k", "info")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "no installed plugin provides backend" in done.stdout
    assert "broken rule" not in done.stdout


def test_a_machine_of_one_tests_own_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("")
    text = FILE.replace("machine_entry(self)", "machine_entry(self, tmp_path)")
    text = text.replace('"broken"}', '"broken", "root": str(tmp_path / "root")}', 1)
    (tmp_path / "test_other.py").write_text(text)
    done = run(tmp_path, "test_other.py", "-k", "info")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "leave `root` out" in done.stdout
    assert "broken rule" not in done.stdout
