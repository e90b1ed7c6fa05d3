"""`show`, `explain`, `script` and `shell`."""

import json

import pytest

from sojourn.cli.facts import efficiency
from sojourn.states import State
from sojourn.store.plans import StepRecord
from sojourn.store.store import Store
from tests.core.cli.desk import Desk
from tests.core.cli.samples import record, signature


def test_show_tells_everything(desk: Desk) -> None:
    desk.file("in.txt", "hello")
    sig = desk.finished(
        "--name", "fit", "--input", "in.txt", "--output", "x", "--env", "A=1", "--parameter", "n=3",
        "--resource", "memory=100MiB", "--resource", "walltime=1m", "--", "cp in.txt x",
    )  # fmt: skip
    desk("fetch", sig)
    out = desk("show", sig).out
    for part in (
        sig, "fit", "COMPLETED, exit code 0", "here (local)", "cp in.txt x",
        "in.txt <- ", "A=1", "n=\"3\"", "memory=100MiB", "walltime=1m", "ATTEMPT", "elapsed",
        str(desk.home / "results"),
    ):  # fmt: skip
        assert part in out, part


def test_show_as_json_is_one_object(desk: Desk) -> None:
    sig = desk.finished("--output", "x", "--remote-output", "y", "--", "echo 1 > x; echo 2 > y")
    (one,) = desk("show", sig[:6], "--json").json
    assert one["signature"] == sig
    assert one["job"]["command"] == "echo 1 > x; echo 2 > y"
    assert one["components"]["outputs"]
    assert one["result"] is None
    assert len(one["attempts"]) == 1
    desk("fetch", sig)
    (one,) = desk("show", sig, "--json").json
    assert [file["name"] for file in one["result"]["files"]] == ["x"]
    assert one["result"]["remote"] == {"y": 2}


@pytest.mark.parametrize(
    ("usage", "resources", "expected"),
    [
        ({}, {}, {}),
        ({"elapsed": 100, "cpu": 150, "allocated_cpus": 2}, {}, {"cpu": 0.75}),
        ({"elapsed": 100, "cpu": 100}, {"tasks": 2, "cpus_per_task": 2}, {"cpu": 0.25}),
        ({"max_memory": 512}, {"memory": 1024}, {"memory": 0.5}),
        ({"max_memory": 512}, {"memory_per_cpu": 128, "cpus_per_task": 8}, {"memory": 0.5}),
        ({"elapsed": 30}, {"walltime": 60}, {"walltime": 0.5}),
        ({"elapsed": 0, "cpu": 0}, {"walltime": 60}, {"walltime": 0.0}),
    ],
)
def test_efficiency(
    usage: dict[str, float], resources: dict[str, int], expected: dict[str, float]
) -> None:
    assert efficiency(usage, resources) == expected


def test_explain_shows_every_change_with_its_evidence(desk: Desk) -> None:
    sig = desk.finished("--", "exit 3")
    out = desk("explain", sig).out
    assert "is FAILED: the command ended with exit status 3" in out
    for change in ("NEW -> SUBMITTING", "SUBMITTING -> QUEUED", "-> FAILED"):
        assert change in out
    assert "    | exit file: status 3" in out
    events = desk("explain", sig, "--json").json
    assert [event["new"] for event in events][:2] == ["SUBMITTING", "QUEUED"]
    assert events[-1]["evidence"]


def test_explain_names_the_parent_that_is_to_blame(empty_desk: Desk) -> None:
    empty_desk.put(
        record("child", State.CANCELLED, blocked_by=signature("parent"), reason="its parent failed")
    )
    out = empty_desk("explain", signature("child")).out
    assert f"sojourn explain {signature('parent')[:8]}" in out


def test_explain_of_two_jobs_names_what_differs(desk: Desk) -> None:
    source = desk.file("in", "first")
    first = desk.submit("--input", "in", "--env", "A=1", "--", "cat in")
    source.write_text("second")
    second = desk.submit("--input", "in", "--env", "A=2", "--env", "B=x", "--", "cat in")
    out = desk("explain", first, second).out
    assert 'inputs["in"].digest' in out.replace("'", '"') or "inputs.in.digest" in out
    assert 'env.A:\n  - "1"\n  + "2"\n' in out
    assert 'env.B:\n  + "x"\n' in out
    assert "command" not in out
    found = {one["component"]: one for one in desk("explain", first, second, "--json").json}
    assert found["env.A"] == {"component": "env.A", "before": "1", "after": "2"}
    assert "before" not in found["env.B"]


def test_explain_of_the_same_job_twice(desk: Desk) -> None:
    sig = desk.submit("--", "true")
    done = desk("explain", sig, sig[:8])
    assert "they do not differ" in done.err


def test_explain_of_two_steps_shows_the_lines_that_differ(empty_desk: Desk) -> None:
    empty_desk.put(record("job"))
    texts = {"a": "def f(x):\n    return x\n", "b": "def f(x):\n    return x + 1\n"}
    with Store(empty_desk.home / "store.sqlite3") as store:
        store.put_steps(
            StepRecord(
                signature(word), name=f"f-{word}", components=json.dumps({"step": {"source": text}})
            )
            for word, text in texts.items()
        )
    out = empty_desk("explain", signature("a")[:10], signature("b")[:10]).out
    assert "step.source:" in out
    assert "  -    return x\n" in out
    assert "  +    return x + 1\n" in out


def test_explain_takes_no_more_than_two(empty_desk: Desk) -> None:
    assert "one SIG, or two" in empty_desk("explain", "aaaa", "bbbb", "cccc", status=2).err


def test_script_contacts_nothing_and_shows_no_secret(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t")
    done = desk("script", "--secret-env", "TOKEN", "--", "echo from the command")
    assert done.out.startswith("#!/bin/sh\n")
    assert "from the command" in done.out
    assert "s3cr3t" not in done.out
    assert not (desk.folder.parent / "root").exists()
    assert desk("list", "--json").json == []


def test_script_refuses_what_submit_would_refuse(desk: Desk) -> None:
    assert "queue" in desk("script", "--resource", "queue=x", "--", "true", status=2).err
    assert "missing" in desk("script", "--input", "missing", "--", "true", status=2).err


def test_shell_opens_in_the_jobs_directory(desk: Desk) -> None:
    sig = desk.finished("--name", "it's", "--", "echo 1 > made")
    done = desk.process("shell", sig, given="pwd; ls; exit 7\n", status=7, env={"SHELL": "/bin/sh"})
    place, listed = done.out.splitlines()
    assert place.endswith(f"{sig}/1/work")
    assert listed == "made"


def test_shell_of_a_job_that_is_nowhere_yet(empty_desk: Desk) -> None:
    empty_desk.put(record("new", State.NEW))
    assert "has no directory yet" in empty_desk("shell", signature("new"), status=2).err


def test_shell_in_a_directory_that_is_gone(empty_desk: Desk) -> None:
    empty_desk.put(record("old", job_dir="/nonexistent/dir"))
    done = empty_desk.process("shell", signature("old"), status=1)
    assert "/nonexistent/dir" in done.err


def test_a_name_of_several_lines_stays_on_its_line(desk: Desk) -> None:
    signature = desk.finished("--name", "one\ntwo", "--", "true")
    assert desk("explain", signature).out.startswith(f"job {signature[:12]} one\\ntwo on here\n")


def test_a_job_that_failed_has_no_result_to_bring(desk: Desk) -> None:
    signature = desk.finished("--", "false")
    assert f"none; `sojourn fetch {signature[:8]} --partial" in desk("show", signature).out
