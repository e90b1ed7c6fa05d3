"""What starting up may cost: these commands load nothing heavy, and scan for no plugins."""

import pytest

from tests.core.cli.desk import Desk
from tests.core.cli.samples import record
from tests.support.programs import run

HEAVY = {
    "pydantic", "pluggy", "paramiko", "rich", "ruamel", "tenacity", "rfc8785", "textual",
    "importlib.metadata",
}  # fmt: skip

_PROGRAM = """
    import os, sys
    os.environ["SOJOURN_HOME"] = sys.argv[1]
    from sojourn.cli import main
    assert main(sys.argv[2:]) == 0
    print("LOADED", *sys.modules, sep="\\n")
"""


def _loaded(desk: Desk, *words: str) -> set[str]:
    return set(run(_PROGRAM, desk.home, *words).partition("LOADED\n")[2].split())


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["list"], ["list", "--json"]])
def test_help_and_list_load_nothing_heavy(empty_desk: Desk, words: list[str]) -> None:
    empty_desk.put(record("one"))
    assert not HEAVY & _loaded(empty_desk, *words)


def test_help_loads_no_command(empty_desk: Desk) -> None:
    loaded = _loaded(empty_desk, "--help")
    assert not [name for name in loaded if name.startswith("sojourn.cli.commands")]


@pytest.mark.parametrize("command", ["show", "explain"])
def test_looking_at_one_job_loads_no_plugins(empty_desk: Desk, command: str) -> None:
    empty_desk.put(record("one"))
    signature = empty_desk("list", "--json").json[0]["signature"]
    assert not {"pluggy", "rich", "paramiko"} & _loaded(empty_desk, command, signature)
