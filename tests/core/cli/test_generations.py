"""`--workflow` means the jobs of the last run; the others are marked, freed and forgotten."""

import pytest

from tests.core.cli.desk import Desk

SCRIPT = """
from sojourn import Job, Workflow, job

@job(outputs=["out"])
def fit(at):
    return Job(command=f"echo {at} VERSION >out; exit STATUS")

with Workflow("sweep") as flow:
    flow.map(fit, range(NUMBER))
"""


def run(desk: Desk, number: int, version: int = 1, status: int = 0) -> None:
    """Run the sweep to its end."""
    text = SCRIPT.replace("NUMBER", str(number)).replace("VERSION", str(version))
    (desk.here / "sweep.py").write_text(text.replace("STATUS", str(status)))
    desk("run", "--wait", "sweep.py", status=1 if status else 0)


@pytest.fixture
def sweep(desk: Desk) -> Desk:
    """Three jobs of a run that another one with two has superseded."""
    run(desk, 3)
    run(desk, 2, version=2)
    return desk


def test_a_workflow_means_the_jobs_of_its_last_run(sweep: Desk) -> None:
    done = sweep("list", "--workflow", "sweep", "--json")
    assert [(job["name"], job["superseded"]) for job in done.json] == [
        ("fit[1]", False),
        ("fit[0]", False),
    ]
    left = "3 superseded jobs of sweep left aside; --all-generations includes them"
    assert done.err == f"sojourn: {left}\n"
    every = sweep("list", "--workflow", "sweep", "--all-generations")
    assert every.err == ""
    assert every.out.count("superseded") == 3
    assert sweep("list").out.count("superseded") == 3
    assert left in sweep("status", "--workflow", "sweep").err
    assert left in sweep("export", "--workflow", "sweep").err
    assert left in sweep("report", "--workflow", "sweep", "-o", "page.html").err


def test_active_jobs_that_are_left_aside_are_counted(desk: Desk) -> None:
    script = desk.here / "long.py"
    text = SCRIPT.replace("NUMBER", "1").replace("exit STATUS", "sleep 60")
    for version in ("1", "2"):
        script.write_text(text.replace("VERSION", version))
        desk("run", "long.py", status=75)
    assert "1 superseded job of sweep left aside, 1 still active;" in desk(
        "list", "--workflow", "sweep"
    ).err  # fmt: skip


def test_all_generations_needs_a_workflow(empty_desk: Desk) -> None:
    assert "goes with --workflow" in empty_desk("list", "--all-generations", status=2).err


def test_results_of_superseded_jobs_are_freed(sweep: Desk) -> None:
    gone = sweep("gc", "--superseded", "--dry-run", "--json").json
    old = {job["signature"] for job in sweep("list", "--json").json if job["superseded"]}
    assert {one["signature"] for one in gone} == old
    sweep("gc", "--superseded")
    results = {path.name for path in (sweep.home / "results").glob("[0-9a-f][0-9a-f]/*")}
    assert len(results) == 2
    assert not results & old


def test_directories_of_superseded_jobs_are_freed_on_the_machine(sweep: Desk) -> None:
    old = {job["signature"] for job in sweep("list", "--json").json if job["superseded"]}
    gone = sweep("gc", "--superseded", "--remote", "--json").json
    assert {one["signature"] for one in gone if one["what"] == "job"} == old
    root = sweep.folder.parent / "root"
    assert not {path.name for path in root.glob("jobs/??/*")} & old


def test_superseded_jobs_are_forgotten(sweep: Desk) -> None:
    dry = sweep("forget", "--workflow", "sweep", "--superseded", "--dry-run")
    assert len(dry.out.splitlines()) == 3
    assert len(sweep("list", "--json").json) == 5
    done = sweep("forget", "--workflow", "sweep", "--superseded", "--remote", "--json")
    assert [one["forgotten"] for one in done.json] == [True] * 3
    assert [job["superseded"] for job in sweep("list", "--json").json] == [False] * 2
    root = sweep.folder.parent / "root"
    assert len(list(root.glob("jobs/??/*"))) == 2
    sweep("run", "sweep.py")  # what is left is still all that the workflow needs


def test_a_whole_workflow_is_forgotten(sweep: Desk) -> None:
    sweep("forget", "--workflow", "sweep", "--all-generations")
    assert sweep("list").out == ""
    assert "no workflow 'sweep'" in sweep("status", "--workflow", "sweep", status=2).err


def test_a_job_that_is_active_is_kept_and_named(desk: Desk) -> None:
    done, out = desk.finished("--", "true"), desk.running("--", "sleep 60")
    said = desk("forget", done, out, status=1)
    assert "1 job forgotten" in said.err
    assert f"job {out[:8]} is RUNNING: kept; `sojourn cancel {out[:8]}` ends it first" in said.err
    assert [job["signature"] for job in desk("list", "--json").json] == [out]


def test_one_job_that_cannot_be_retried_keeps_no_other_from_it(desk: Desk) -> None:
    given = desk.here / "given"
    given.write_text("one")
    stuck = desk.finished("--input", "given", "--", "cat given; exit 3")
    failed = desk.finished("--", "exit 4")
    given.write_text("two")
    said = desk("retry", "--state", "FAILED", "--json", status=1)
    assert [(one["signature"], one["attempt"]) for one in said.json] == [(failed, 2)]
    assert f"job {stuck[:8]} cannot run again" in said.err
