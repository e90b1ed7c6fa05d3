"""Running the kit on a backend inside a test, and what it said."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import end_all, with_environment

FILE = """
import pytest
from sojourn.testing import {suite} as Suite

class TestIt(Suite):
    @pytest.fixture
    def machine_entry(self):
        return {entry!r}

    @pytest.fixture
    def kit_plugins(self):
        return {plugins!r}

    @pytest.fixture
    def second_user(self):
        return {second_user!r}

    @pytest.fixture
    def walltime(self):
        return 1
"""
QUIET = ("xdist", "cacheprovider", "timeout", "asyncio", "hypothesispytest", "terminalreporter")


@dataclass
class Said:
    """A plugin of pytest's that keeps what became of each test."""

    reports: list[pytest.TestReport] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a report."""
        self.reports.append(report)

    @property
    def failures(self) -> list[pytest.TestReport]:
        """Tests that have failed."""
        return [report for report in self.reports if report.failed and report.when == "call"]

    @property
    def errors(self) -> list[pytest.TestReport]:
        """Tests that could not be run, or not be cleaned up after."""
        return [report for report in self.reports if report.failed and report.when != "call"]

    @property
    def passed(self) -> int:
        """How many tests have passed."""
        return sum(report.passed and report.when == "call" for report in self.reports)


def run_kit(
    scratch: Path,
    *,
    entry: dict[str, Any],
    plugins: dict[str, str],
    rules: str,
    second_user: dict[str, Any] | None = None,
    suite: str = "BackendSuite",
) -> Said:
    """Run the tests of some rules up to the first failure; what became of them."""
    file = scratch / f"test_{secrets.token_hex(6)}.py"
    file.write_text(FILE.format(suite=suite, entry=entry, plugins=plugins, second_user=second_user))
    (scratch / "pytest.ini").write_text("[pytest]\n")
    said = Said()
    words = ["-x", "--kit-rules", rules, "--kit-patience", "12", "--kit-points", "3"]
    words += [f"--rootdir={scratch}", f"--basetemp={scratch / 'tmp'}", "--import-mode=importlib"]
    words += ["-p", "sojourn.testing.plugin", *(w for name in QUIET for w in ("-p", f"no:{name}"))]
    mark = os.environ["SOJOURN_KIT_RUN"] = secrets.token_hex(8)
    try:
        status = pytest.main([*words, "-c", str(scratch / "pytest.ini"), str(file)], plugins=[said])
    finally:
        del os.environ["SOJOURN_KIT_RUN"]
        end_all(
            lambda: set(with_environment(f"SOJOURN_KIT_RUN={mark}"))
        )  # what a broken cancel has left
    assert status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), status
    return said
