"""`sojourn monitor` as a process: picks up, fetches, resumes, ends, and survives being killed."""

import json
import os
import signal
import subprocess
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from sojourn.monitor.lock import holder
from sojourn.states import State
from tests.core.monitor.computer import FLOW, WHILE_HELD, Computer


def test_what_others_hand_in_is_polled_and_fetched(computer: Computer) -> None:
    with computer.monitor() as running:
        (signature,) = computer.submit("echo 7 >answer", outputs=["answer"])
        result = computer.home / "results"
        computer.until(lambda: list(result.rglob("answer")))
        computer.until(computer.all_ended)
        os.kill(running.process.pid, signal.SIGTERM)
        assert running.process.wait(30) == 0
        assert f"job {signature[:8]} has completed on here" in running.said
    fetched = computer.sojourn("fetch", signature, "-o", str(computer.folder / "there"))
    assert fetched.returncode == 0
    assert (computer.folder / "there").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_ends_cleanly(computer: Computer, number: signal.Signals, status: int) -> None:
    with computer.monitor() as running:
        computer.submit("true")
        running.process.send_signal(number)
        assert running.process.wait(30) == status
        assert "the monitor has ended; jobs go on" in running.said
        assert "Traceback" not in running.said
    assert holder(computer.home) is None


def test_only_one_works_and_a_second_is_told_who(computer: Computer) -> None:
    with computer.monitor() as running:
        for words in (["monitor"], ["monitor", "--once"]):
            second = computer.sojourn(*words, status=1)
            assert f"sojourn monitor, pid {running.process.pid} on " in second.stderr
            assert "since 20" in second.stderr
    with computer.monitor():
        pass


def test_killed_at_any_time_it_leaves_the_store_whole_and_the_next_goes_on(
    computer: Computer,
) -> None:
    commands = [f"echo x{n} >>'{computer.folder}/runs'; sleep 0.0{n}" for n in range(6)]
    for round_number in range(3):
        with computer.monitor() as running:
            computer.submit(*(f"{command} # {round_number}" for command in commands))
            os.kill(running.process.pid, signal.SIGKILL)
            running.process.wait()
        with computer.store() as store:
            store.check()
            store.set_setting("not", "locked")
    with computer.monitor():
        computer.until(computer.all_ended)
    assert {job.state for job in computer.jobs()} == {State.COMPLETED}
    assert computer.lines("runs") == sorted(f"x{n}" for n in range(6) for _ in range(3))


def test_what_happened_while_none_ran_is_told_by_the_next(computer: Computer) -> None:
    told = computer.folder / "told"
    (computer.folder / "notify.yaml").write_text(
        f"notify:\n  window: 0.1s\n  channels:\n    command: {{run: 'cat >> {told}'}}\n"
    )
    with computer.monitor() as running:
        gate = computer.folder / "gate"
        computer.submit(f"until [ -e '{gate}' ]; do sleep 0.05; done; exit 3", name="late")
        computer.until(lambda: [job.state for job in computer.jobs()] == [State.RUNNING])
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
    gate.touch()
    computer.until(lambda: "FAILED" in computer.sojourn("status", status=None).stdout
                   or computer.all_ended())  # fmt: skip
    assert not told.exists()
    for _ in range(2):
        with computer.monitor() as running:
            computer.until(told.exists)
            os.kill(running.process.pid, signal.SIGTERM)
            assert running.process.wait(30) == 0
    (message,) = [json.loads(line) for line in told.read_text().splitlines()]
    assert message["title"].startswith("job late (")
    assert "is FAILED: the command ended with exit status 3" in message["title"]


def test_a_channel_that_fails_has_no_other_told_twice_by_the_next(computer: Computer) -> None:
    told = computer.folder / "told"
    channels = {
        "good": {"channel": "command", "run": f"cat >> '{told}'"},
        "bad": {"channel": "command", "run": "exit 3"},
    }
    settings = {"window": "0.1s", "channels": channels}
    (computer.folder / "notify.yaml").write_text(json.dumps({"notify": settings}))
    for name in ("first", "second"):
        with computer.monitor() as running:
            computer.submit(f"true {name}", name=name)
            computer.until(partial(_told_of, told, name))
            os.kill(running.process.pid, signal.SIGTERM)
            assert running.process.wait(30) == 0
    titles = [json.loads(line)["title"] for line in told.read_text().splitlines()]
    assert [title.split()[1] for title in titles] == ["first", "second"]


def _told_of(file: Path, name: str) -> bool:
    return file.exists() and f"job {name} (" in file.read_text()


def test_once_does_everything_and_ends(computer: Computer) -> None:
    computer.open_gates(0, 1)
    computer.sojourn("run", computer.script(), status=75)
    computer.until(lambda: computer.lines("runs") == ["run-0", "run-1"])

    told = []

    def once() -> dict[str, Any]:
        done = computer.sojourn("monitor", "--once", "--resume", "--json")
        told.append(done.stderr)
        summary: dict[str, Any] = json.loads(done.stdout)
        assert [one["machine"] for one in summary["machines"]] in ([], ["here"])
        return summary

    computer.until(lambda: once()["resumed"])
    computer.until_status("done")
    assert computer.lines("steps") == ["total"]
    # How it has ended is told by the one that has resumed it, or by the next.
    once()
    once()
    assert "".join(told).count("workflow flow is done") == 1


@pytest.mark.parametrize("words", [(), ("--no-notify",)])
def test_a_workflow_is_resumed_until_it_is_done(computer: Computer, words: tuple[str, ...]) -> None:
    with computer.monitor("--resume", *words) as running:
        computer.sojourn("run", computer.script(), status=75)
        computer.open_gates(0)
        computer.until(lambda: computer.lines("runs") == ["run-0"])
        assert computer.workflow().resumes == 0
        computer.open_gates(1)
        computer.until_status("done")
        assert "resuming workflow flow" in running.said
        computer.until(lambda: "workflow flow is done" in running.said)
    record = computer.workflow()
    assert (record.resumes, record.resume_failures, record.detail) == (1, 0, "")
    assert computer.lines("steps") == ["total"]
    log = Path(record.log)
    assert log.parent == computer.home / "logs"
    assert log.stat().st_mode & 0o777 == 0o600
    assert "flow on here: done" in log.read_text()


@pytest.mark.parametrize("words", [("--resume",), ()])
def test_a_resume_goes_on_when_its_monitor_is_killed_and_the_next_tells_its_end(
    computer: Computer, words: tuple[str, ...]
) -> None:
    hold = computer.folder / "hold"
    computer.open_gates(0, 1)
    computer.sojourn("run", computer.script(WHILE_HELD + dedent(FLOW)), status=75)
    hold.touch()
    with computer.monitor("--resume") as running:
        computer.until(lambda: computer.workflow().owner)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
    with computer.monitor(*words) as running:
        assert computer.workflow().status == "suspended"
        assert computer.workflow().resumes == 1
        hold.unlink()
        computer.until_status("done")
        computer.until(lambda: "workflow flow is done" in running.said, timeout=90)
    assert computer.workflow().resumes == 1
    assert computer.lines("steps") == ["total"]


def test_it_is_remembered_how_often_to_ask(computer: Computer) -> None:
    from sojourn.monitor.memory import remembered_interval

    computer.sojourn("monitor", "--once", "--interval", "2m")
    with computer.store() as store:
        assert remembered_interval(store) == 120.0
    computer.sojourn("monitor", "--once", "--interval", "default")
    with computer.store() as store:
        assert remembered_interval(store) is None


@pytest.mark.parametrize("words", [["--any"], ["--accept-script-change"], ["--json"]])
def test_options_that_make_no_sense_alone_are_refused(computer: Computer, words: list[str]) -> None:
    assert "hint: add --" in computer.sojourn("monitor", *words, status=2).stderr


def test_a_mistake_in_notify_yaml_is_told_with_its_line(computer: Computer) -> None:
    (computer.folder / "notify.yaml").write_text("notify:\n  windw: 3s\n")
    told = computer.sojourn("monitor", "--once", status=2)
    assert "notify.yaml:2: unknown key 'windw'" in told.stderr
    assert "'window'" in told.stderr


def test_a_resumed_workflow_does_not_hold_the_monitor_s_lock(computer: Computer) -> None:
    hold = computer.folder / "hold"
    computer.open_gates(0, 1)
    computer.sojourn("run", computer.script(WHILE_HELD + dedent(FLOW)), status=75)
    hold.touch()
    try:
        with computer.monitor("--resume") as running:
            computer.until(lambda: computer.workflow().owner)
            os.kill(running.process.pid, signal.SIGTERM)
            assert running.process.wait(30) == 0
        assert holder(computer.home) is None
        with computer.monitor():
            pass
    finally:
        hold.unlink()
    computer.until(lambda: not computer.workflow().owner)


def test_text_for_systemd_and_cron_is_printed(computer: Computer) -> None:
    unit = computer.sojourn("monitor", "--resume", "--print-systemd").stdout
    assert "\n[Service]\nExecStart=" in unit
    assert " -m sojourn.cli monitor --resume\n" in unit
    line = computer.sojourn("monitor", "--resume", "--print-cron").stdout
    assert line.startswith("*/5 * * * * ")
    assert "monitor --once --resume" in line
    command = line.split(" ", 5)[5].replace("\\%", "%")
    subprocess.run(["sh", "-c", command], check=True, env={"PATH": os.defpath}, timeout=60)
    assert (computer.home / "logs" / "monitor.log").exists()
