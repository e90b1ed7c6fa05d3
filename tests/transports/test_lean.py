"""Each test has an interpreter of its own: what is imported once stays."""

import subprocess
import sys

import pytest

pytest.importorskip("paramiko")


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_paramiko_comes_without_what_it_does_not_need() -> None:
    code = """
import sys
from sojourn.transports.lean import load_paramiko
load_paramiko()
print("paramiko" in sys.modules, "invoke" in sys.modules)
"""
    assert printed(code) == "True False"


def test_whoever_needs_it_after_all_has_it() -> None:
    code = """
from sojourn.transports.lean import load_paramiko
load_paramiko()
import io, paramiko
text = "Match exec true\\n  User me\\nMatch exec false\\n  Port 1\\n"
print(paramiko.SSHConfig.from_text(text).lookup("host")["user"])
"""
    pytest.importorskip("invoke")
    assert printed(code) == "me"
