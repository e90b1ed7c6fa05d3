"""Staying until all is there, and leaving in between: the jobs go on."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, Workflow, job, step
from sojourn.workflow.report import NodeState
from tests.core.workflow.place import Place, noting

SCRIPT = """
import sys
from sojourn import Workflow, job
from sojourn.workflow.settings import RunSettings, using

@job(outputs=["out"])
def gated():
    return "echo x >>'{runs}'; while ! test -e '{gate}'; do sleep 0.1; done; echo done >out"

with using(RunSettings(wait=True, on_report=lambda told: print(told.nodes[0].state, flush=True))):
    with Workflow("gated"):
        node = gated()
    print(node.value.read_text(), end="")
"""


def test_ctrl_c_suspends_and_the_job_goes_on(place: Place) -> None:
    gate = place.folder / "gate"
    script = place.folder / "script.py"
    script.write_text(SCRIPT.format(runs=place.runs, gate=gate))
    command = [sys.executable, str(script)]
    environment = {**os.environ, **place.environment()}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as waits:
        assert waits.stdout is not None
        next(line for line in waits.stdout if line == "running\n")
        waits.send_signal(signal.SIGINT)
        _, said = waits.communicate(timeout=60)
    assert waits.returncode == 75, said
    assert "workflow gated is waiting for 1 job on here: 1 RUNNING" in said
    gate.touch()
    again = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout.endswith("done\n")
    assert place.ran() == ["x"]


def test_what_can_go_on_does_while_others_still_run(place: Place) -> None:
    """The step after the quick job opens the gate for the slow one."""
    gate = place.folder / "gate"

    @job(outputs=["out"])
    def work(command: str) -> Job:
        return Job(command=noting("work", command, place.runs))

    @step
    def let_go(file: Path) -> str:
        gate.touch()
        return file.read_text()

    def flow() -> Any:
        with Workflow("staged"):
            slow = work(f"while ! test -e '{gate}'; do sleep 0.1; done; echo slow >out")
            quick = let_go(work("echo quick >out"))
        return slow.value.read_text(), quick.value

    with place.running(wait=True):
        assert flow() == ("slow\n", "quick\n")
    seen = [report.status for report in place.reports]
    assert seen[-1] == "done"
    assert any(
        {node.state for node in report.walk()} >= {NodeState.RUNNING, NodeState.RAN}
        for report in place.reports
    )


def test_settings_hold_in_one_thread_only(place: Place) -> None:
    from sojourn.workflow.settings import current

    found: list[bool] = []
    with place.running(wait=True):
        thread = threading.Thread(target=lambda: found.append(current().wait))
        thread.start()
        thread.join()
        assert current().wait
    assert found == [False]
    assert not current().wait


@pytest.mark.parametrize("name", ["settings", "report"])
def test_what_the_command_line_needs_is_light(name: str) -> None:
    code = (
        f"import sys, sojourn.workflow.{name}\n"
        "heavy = {'pydantic', 'pluggy', 'paramiko', 'rich', 'tenacity', 'sqlite3'} & set(sys.modules)\n"
        "sys.exit(f'{heavy}' if heavy else 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
