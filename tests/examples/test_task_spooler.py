"""The example backend: its parser on a recorded list, and the kit where tsp is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import mkdtemp

import pytest

from sojourn.states import State
from sojourn.testing import Changes, Evidence, Finding, Saying
from sojourn.values.messages import Phase

SOURCE = Path(__file__).parents[2] / "examples/plugins/sojourn-task-spooler/src"
LIST = """\
ID   State      Output               E-Level  Times(r/u/s)   Command [run=1/1]
2    running    /tmp/ts-out.XjXho1                           [sj777777777777]sleep 51
3    queued     (file)                                       [sj888888888888]sh job.sh
4    queued     (file)                                       true
0    finished   /tmp/ts-out.gqkgoz   2        0.01/0.00/0.00 [sj0123456789ab]sh job.sh
1    finished   /tmp/ts-out.pZzQzo   0        0.43/0.00/0.00 [sj5555555555cc]sleep 50
"""


def test_a_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SOURCE))
    from sojourn_task_spooler import LINE, read_line  # type: ignore[import-not-found]

    found = [match for line in LIST.splitlines() if (match := LINE.match(line))]
    read = {match["id"]: (match["name"], read_line(match)) for match in found}
    assert {one: (word.phase, word.outcome) for one, (_, word) in read.items()} == {
        "2": (Phase.RUNNING, None),
        "3": (Phase.WAITING, None),
        "0": (Phase.ENDED, State.FAILED),
        "1": (Phase.ENDED, State.COMPLETED),
    }
    assert read["0"][0] == "sj0123456789ab"
    assert (read["0"][1].exit_code, read["1"][1].usage.elapsed) == (2, 0.43)


@pytest.fixture(scope="module")
def queue() -> Iterator[str]:
    """A queue of task-spooler's own; its server is ended at the end."""
    folder = mkdtemp(prefix="tsp-")  # short: the names of sockets may not be long
    yield f"{folder}/queue"
    environment = {**os.environ, "TS_SOCKET": f"{folder}/queue"}
    subprocess.run(["tsp", "-K"], env=environment, check=False, capture_output=True)
    shutil.rmtree(folder)


@pytest.mark.skipif(shutil.which("tsp") is None, reason="task-spooler is not installed")
class TestTaskSpooler(Evidence, Finding, Changes, Saying):
    @pytest.fixture
    def machine_entry(self, queue: str) -> dict[str, str]:
        return {"backend": "tsp", "socket": queue}

    @pytest.fixture
    def kit_plugins(self, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
        monkeypatch.syspath_prepend(str(SOURCE))
        return {"tsp": "sojourn_task_spooler:plugin"}
