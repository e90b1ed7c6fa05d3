"""The conformance suite on a machine of the user's: every rule of the contract, proven there."""

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sojourn.values.messages import CheckLine

_WHAT = "conformance"
_SUITE = '''"""Every rule of the contract, on one machine."""

import json
from pathlib import Path

import pytest

from sojourn.testing import BackendSuite


class TestMachine(BackendSuite):
    @pytest.fixture
    def machine_entry(self):
        return json.loads(Path(__file__).with_name("entry.json").read_text())
'''


def run_suite(keys: Mapping[Any, Any], say: Callable[[str], None]) -> CheckLine:
    """Run the whole suite on the machine with these keys; `say` is given what it prints.

    It works in a directory of its own below the machine's root, which it removes at the end.
    PYTEST_ADDOPTS may hold options of the kit.
    """
    if importlib.util.find_spec("pytest") is None:
        return CheckLine(_WHAT, False, "pytest is not installed", 'pip install "sojourn[testing]"')
    with tempfile.TemporaryDirectory(prefix="sojourn-check-") as folder:
        (Path(folder) / "entry.json").write_text(json.dumps(keys, default=str))
        (Path(folder) / "test_machine.py").write_text(_SUITE)
        words = ["-q", "-p", "sojourn.testing.plugin", "-p", "no:cacheprovider"]
        words += ["-p", "no:asyncio"]  # the kit has no use for it, and it warns of its settings
        last = ""
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", *words, "-c", "/dev/null", "--rootdir", ".", "."],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as suite:
            assert suite.stdout is not None
            for line in suite.stdout:
                say(line.rstrip("\n"))
                last = line.strip("= \n") or last
    if suite.returncode == 0:
        return CheckLine(_WHAT, True, last)
    return CheckLine(
        _WHAT, False, last, "above stand the rules that were broken, and why they matter"
    )
