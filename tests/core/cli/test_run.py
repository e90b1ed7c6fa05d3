"""`run`: a workflow script, as far as it goes."""

import json
import signal

import pytest

from sojourn.cli.treelines import plan_lines, tree_lines
from sojourn.store.store import Store
from sojourn.workflow.report import NodeReport, NodeState, Plan, WorkflowReport
from tests.core.cli.desk import Desk
from tests.support.at_terminal import at_terminal
from tests.support.waiting import eventually

FLOW = """
import sys
from sojourn import Job, Workflow, job, step

@step
def split(n):
    print("split runs")
    return list(range(n))

@job(outputs=["o"])
def square(i):
    return Job(command=f"sleep 0.2; echo $(({i} * {i})) > o")

@step
def total(files):
    return sum(int(file.read_text()) for file in files)

with Workflow("squares", version=3) as flow:
    parts = split(3)
    result = total(flow.map(square, range(3)))
print("total", result.value, sys.argv[1:])
"""

PLAIN = """
from sojourn import Job, Session
with Session() as session:
    result = session.run(Job(command="echo 7 > x", outputs=["x"]))
print(result["x"].read_text().strip())
"""


def _finish(desk: Desk) -> None:
    desk("wait", "--state", "ACTIVE", status=None)


def test_a_workflow_suspends_and_goes_on(desk: Desk) -> None:
    desk.file("flow.py", FLOW)
    first = desk("run", "flow.py", status=75)
    assert first.out == "split runs\n"
    assert "squares (version 3)" in first.err
    assert ": suspended\n" in first.err
    assert "workflow squares is waiting for 3 jobs on here" in first.err
    assert "go on without this program" in first.err
    assert "run the same command again: sojourn run flow.py" in first.err
    assert "sojourn wait --workflow squares" in first.err
    desk("wait", "--workflow", "squares")
    second = desk("run", "flow.py")
    assert second.out == "total 5 []\n"
    assert "square  done  3 " in second.err
    assert "total  ran" in second.err


def test_a_script_gets_its_arguments(desk: Desk) -> None:
    desk.file("a.py", "import sys; print(sys.argv, __name__, __file__)")
    done = desk("run", "a.py", "x", "--seed", "3", "-v", "--", "--on", "hpc")
    assert done.out == "['a.py', 'x', '--seed', '3', '-v', '--on', 'hpc'] __main__ a.py\n"


def test_a_script_imports_what_lies_beside_it(desk: Desk) -> None:
    (desk.here / "sub").mkdir()
    desk.file("sub/beside.py", "VALUE = 5")
    desk.file("sub/a.py", "import beside; print(beside.VALUE)")
    assert desk("run", "sub/a.py").out == "5\n"


@pytest.mark.parametrize(
    ("end", "status"), [("sys.exit(4)", 4), ("sys.exit()", 0), ("sys.exit('no')", 1)]
)
def test_the_status_of_a_script_is_kept(desk: Desk, end: str, status: int) -> None:
    desk.file("a.py", f"import sys; {end}")
    assert desk("run", "a.py", status=status).err.strip() in ("", "no")


def test_a_mistake_of_the_script_is_shown_from_the_script_on(desk: Desk) -> None:
    desk.file("a.py", "def f():\n    raise ValueError('boo')\nf()\n")
    done = desk("run", "a.py", status=1)
    assert done.err.startswith('Traceback (most recent call last):\n  File "a.py", line 3')
    assert done.err.endswith("ValueError: boo\n")
    assert "runpy" not in done.err
    assert "sojourn" not in done.err


def test_a_syntax_error_is_shown_without_our_frames(desk: Desk) -> None:
    desk.file("a.py", "def f(:\n")
    done = desk("run", "a.py", status=1)
    assert "SyntaxError" in done.err
    assert "runpy" not in done.err


def test_a_script_that_is_not_there(desk: Desk) -> None:
    assert "cannot read the script nope.py" in desk("run", "nope.py", status=2).err
    (desk.here / "folder").mkdir()
    assert "folder" in desk("run", "folder", status=2).err


def test_a_script_without_a_workflow_suspends_too(desk: Desk) -> None:
    desk.file("a.py", PLAIN)
    first = desk("run", "a.py", status=75)
    assert "waiting for job" in first.err
    _finish(desk)
    assert desk("run", "a.py").out == "7\n"


def test_a_script_without_a_workflow_can_be_waited_for(desk: Desk) -> None:
    desk.file("a.py", PLAIN)
    done = desk("run", "--wait", "a.py")
    assert done.out == "7\n"
    assert "is COMPLETED" in done.err


def test_wait_stays_until_the_end(desk: Desk) -> None:
    desk.file("flow.py", FLOW)
    done = desk("run", "flow.py", "--wait", "arg")
    assert done.out.splitlines()[-1] == "total 5 ['arg']"
    assert "square[2]: done" in done.err
    assert len(desk("list", "--json").json) == 3


CHAIN = """
from sojourn import Job, Workflow, job, step

@job(outputs=["o"])
def first(i):
    return Job(command=f"sleep {i}.2; echo {i} > o")

@job(outputs=["o"])
def second(one):
    return Job(command="sleep 0.2; cat one > o", inputs={"one": one["o"]})

@step
def total(files):
    return sum(int(file.read_text()) for file in files)

@job(outputs=["o"])
def last(number):
    return Job(command="cat number > o", inputs={"number": number})

with Workflow("chain") as flow:
    last(total(flow.map(second, flow.map(first, range(3)))))
"""


def test_without_a_terminal_each_state_of_a_node_is_told_once(desk: Desk) -> None:
    desk.file("flow.py", CHAIN)
    told = desk("run", "--wait", "flow.py").err.partition("\nchain: ")[0].splitlines()
    assert len(told) == len(set(told))
    assert sum(line.endswith(": done") for line in told) == 7
    assert "sojourn: total: ran" in told


def test_ctrl_c_while_waiting_suspends(desk: Desk) -> None:
    mark = desk.here / "mark"
    desk.file("flow.py", FLOW.replace("sleep 0.2", f"while [ ! -e {mark} ]; do sleep 0.1; done"))
    process = desk.start("run", "--wait", "flow.py")
    eventually(lambda: [one["state"] for one in desk("list", "--json").json].count("RUNNING") == 3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 75, err
    assert "run the same command again" in err
    mark.touch()
    _finish(desk)
    assert "total 5" in desk("run", "flow.py").out


def test_dry_run_counts_and_runs_nothing(desk: Desk) -> None:
    desk.file("flow.py", FLOW)
    done = desk("run", "flow.py", "--dry-run")
    assert "3 new jobs, 0 changed, 0 reused" in done.err
    assert "split runs" not in done.out
    assert desk("list", "--json").json == []
    desk("run", "flow.py", status=75)
    _finish(desk)
    desk("run", "flow.py")
    desk.file("flow.py", FLOW.replace("sleep 0.2", "sleep 0.1"))
    done = desk("run", "flow.py", "--dry-run")
    assert "0 new jobs, 3 changed" in done.err
    assert "3 jobs of square: command changed" in done.err


def test_on_chooses_the_machine(desk: Desk) -> None:
    machines = json.loads(desk.machines.read_text())
    entry = machines["machines"]["here"]
    machines["machines"]["other"] = {**entry, "root": entry["root"] + "-other"}
    desk.machines.write_text(json.dumps(machines))
    desk.file("flow.py", FLOW)
    assert "there are several" in desk("run", "flow.py", status=2).err
    desk("run", "flow.py", "--on", "other", status=75)
    assert {one["machine"] for one in desk("list", "--json").json} == {"other"}
    _finish(desk)
    again = desk("run", "flow.py", "--on", "nowhere", status=2)
    assert "no machine 'nowhere'" in again.err


def test_a_failed_job_is_1_and_is_told(desk: Desk) -> None:
    desk.file(
        "flow.py", FLOW.replace("sleep 0.2;", "[ {i} != 1 ] || {{ echo oops >&2; exit 9; }};")
    )
    desk("run", "flow.py", status=75)
    _finish(desk)
    done = desk("run", "flow.py", status=1)
    assert "square[1]  failed" in done.err
    assert "exit status 9" in done.err
    assert "  | oops" in done.err
    assert "Traceback" not in done.err


def test_a_failed_step_is_1_with_its_own_lines(desk: Desk) -> None:
    desk.file("flow.py", FLOW.replace("return list(range(n))", "raise KeyError('gone')"))
    done = desk("run", "flow.py", status=None)
    assert done.status in (1, 75)
    _finish(desk)
    done = desk("run", "flow.py", status=1)
    assert "KeyError" in done.err
    assert "in split" in done.err


def test_many_changed_jobs_need_a_yes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    many = FLOW.replace("sleep 0.2; ", "").replace("range(3)", "range(25)")
    desk.file("flow.py", many)
    desk("run", "--wait", "flow.py")
    desk.file("flow.py", many.replace("echo", "echo  "))
    done = desk("run", "flow.py", status=2)
    assert "--accept-changes" in done.err
    assert len(desk("list", "--json").json) == 25
    for name, value in desk.environment.items():
        monkeypatch.setenv(name, value)
    program = (
        f"import os, sys; os.chdir({str(desk.here)!r}); from sojourn.cli import main;"
        "sys.exit(main(['run', 'flow.py']))"
    )
    with at_terminal(program) as person:
        person.expect(r"25 jobs that were known.*\[y/N\]")
        person.type("n")
        assert person.wait() == 2
    assert len(desk("list", "--json").json) == 25
    with at_terminal(program) as person:
        person.expect(r"\[y/N\]")
        person.type("y")
        assert person.wait() == 75
    assert len(desk("list", "--json").json) == 50
    desk("run", "--wait", "--accept-changes", "flow.py")


def test_a_run_is_recorded_for_going_on_later(desk: Desk) -> None:
    script = desk.file("flow.py", FLOW)
    desk("run", "flow.py", "--on", "here", "--env", "MY_DATA", "--", "--seed", "3", status=75)
    with Store(desk.home / "store.sqlite3") as store:
        record = store.workflow("squares")
    assert record is not None
    assert record.script == str(script)
    assert json.loads(record.arguments) == ["--seed", "3"]
    assert record.directory == str(desk.here)
    assert record.version == "3"
    assert record.status == "suspended"
    assert "SOJOURN_HOME" in json.loads(record.environment)
    assert "MY_DATA" not in json.loads(record.environment)  # it is not set
    assert len(record.script_digest) == 64


def test_the_tree_is_drawn_at_a_terminal_while_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = desk.here / "mark"
    desk.file("flow.py", FLOW.replace("sleep 0.2", f"while [ ! -e {mark} ]; do sleep 0.1; done"))
    for name, value in {**desk.environment, "TERM": "xterm", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
    program = (
        f"import os, sys; os.chdir({str(desk.here)!r}); from sojourn.cli import main;"
        "sys.exit(main(['run', '--wait', 'flow.py']))"
    )
    with at_terminal(program) as person:
        person.expect(r"square\[2\].*running")
        mark.touch()
        person.expect("total 5")
        assert person.wait() == 0


# --- the tree as text -----------------------------------------------------------------------------


def _report(*nodes: NodeReport) -> WorkflowReport:
    return WorkflowReport("w", "", "done", "", nodes)


def test_tree_lines_are_drawn_with_their_branches() -> None:
    leaf = NodeReport("b", "job", NodeState.RUNNING, "hpc", "c0ffee" * 10)
    inner = NodeReport("a", "workflow", NodeState.WAITING, children=(leaf, leaf))
    lines = [text for _, text in tree_lines(_report(inner, NodeReport("z", "step", NodeState.RAN)))]
    assert lines == [
        "w: done",
        "├─ a  waiting  2 running",
        "│  ├─ b  running  c0ffeec0 on hpc",
        "│  └─ b  running  c0ffeec0 on hpc",
        "└─ z  ran",
    ]


def test_a_large_group_is_told_by_numbers_and_its_failures() -> None:
    good = NodeReport("g", "job", NodeState.DONE)
    bad = NodeReport("bad\n", "job", NodeState.FAILED, reason="no\x1b")
    group = NodeReport("m", "map", NodeState.FAILED, children=(*[good] * 30, bad))
    lines = [text for _, text in tree_lines(_report(group))]
    assert lines[1] == "└─ m  failed  30 done, 1 failed"
    assert lines[2] == r"   └─ bad\n  failed  no\x1b"
    assert len(lines) == 3


def test_plan_lines() -> None:
    assert plan_lines(Plan()) == ["nothing to do: everything is there or on its way"]
    assert plan_lines(Plan(jobs_new=2, unknown=("fit",)))[-1].endswith("fit")
    one = plan_lines(Plan(jobs_new=1, steps_to_run=1))[0]
    assert one == "1 new job, 0 changed, 0 reused; 1 step to run, 0 remembered"
