"""`list` reads, `status` asks."""

import os
import re
import signal
import subprocess

import pytest

from sojourn.states import State
from sojourn.store.store import Store
from tests.core.cli.desk import Desk
from tests.core.cli.samples import NOW, record, signature
from tests.support.at_terminal import at_terminal

FIELDS = {
    "signature", "name", "machine", "backend", "state", "exit_code", "reason", "scheduler_id",
    "attempt", "submitted_at", "started_at", "finished_at", "job_dir", "workflow", "step",
}  # fmt: skip
"""What the lists have at least."""


def test_an_empty_store_says_so_on_stderr(empty_desk: Desk) -> None:
    done = empty_desk("list")
    assert (done.out, done.err) == ("", "sojourn: no jobs are known here yet\n")
    assert empty_desk("list", "--json").json == []


def test_the_table_is_aligned_and_newest_first(empty_desk: Desk) -> None:
    empty_desk.put(
        record("old", created_at=NOW - 500, submitted_at=NOW - 20_000),
        record(
            "new", State.FAILED, submitted_at=NOW - 9000, started_at=NOW - 8000,
            finished_at=NOW - 7940, created_at=NOW, scheduler_id="81", reason="as asked",
            workflow="co2", step="fit",
        ),
    )  # fmt: skip
    head, first, second = empty_desk("list").out.splitlines()
    assert head.split() == ["JOB", "STATE", "NAME", "WORKFLOW", "STEP", "MACHINE", "ID", "AGE", "TIME", "REASON"]  # fmt: skip
    assert first.split()[:9] == [signature("new")[:8], "FAILED", "new", "co2", "fit", "here", "81", "2h", "1m"]  # fmt: skip
    assert first.endswith("as asked")
    assert second.split() == [signature("old")[:8], "COMPLETED", "old", "here", "5h"]
    for line in (first, second):
        assert line.index("here") == head.index("MACHINE")


def test_json_has_the_fixed_fields_and_times_in_utc(empty_desk: Desk) -> None:
    empty_desk.put(record("one", started_at=0.5))
    (one,) = empty_desk("list", "--json").json
    assert one.keys() >= FIELDS
    assert one["started_at"] == "1970-01-01T00:00:00.500Z"
    assert one["finished_at"] is None


def test_limit_and_options_choose(empty_desk: Desk) -> None:
    empty_desk.put(*(record(f"j{n}", created_at=NOW + n) for n in range(5)))
    empty_desk.put(record("bad", State.FAILED, machine="there", workflow="co2"))
    assert [one["name"] for one in empty_desk("list", "-n", "2", "--json").json] == ["j4", "j3"]
    assert [one["name"] for one in empty_desk("list", "--state", "failed,lost", "--json").json] == [
        "bad"
    ]
    assert [one["name"] for one in empty_desk("list", "-m", "there", "--json").json] == ["bad"]
    assert [one["name"] for one in empty_desk("list", "--workflow", "co2", "--json").json] == [
        "bad"
    ]
    assert [one["name"] for one in empty_desk("list", signature("j1")[:9], "--json").json] == ["j1"]
    assert "there is no state 'done'" in empty_desk("list", "--state", "done", status=2).err
    assert "did you mean 'co2'" in empty_desk("list", "--workflow", "co3", status=2).err
    empty_desk("list", "--limit", "0", status=2)


def test_a_machine_that_did_not_answer_is_told_with_the_age(empty_desk: Desk) -> None:
    empty_desk.put(record("one", State.RUNNING))
    with Store(empty_desk.home / "store.sqlite3") as store:
        store.set_machine_state("here", "ok", at=NOW - 7300)
        store.set_machine_state("here", "unreachable", at=NOW, detail="no route")
    done = empty_desk("list")
    assert "RUNNING" in done.out
    assert "here" in done.err
    assert "2h old" in done.err
    assert "no route" in done.err


def test_what_is_said_of_a_machine_names_it_once(empty_desk: Desk) -> None:
    empty_desk.put(record("one", State.RUNNING))
    with Store(empty_desk.home / "store.sqlite3") as store:
        store.set_machine_state("here", "unreachable", at=NOW, detail="here: no route")
    done = empty_desk("list")
    assert done.err.startswith("sojourn: here could not be asked, ")
    assert ": no route" in done.err
    assert "here: no route" not in done.err
    assert "unreachable: no route" in empty_desk("machines", "show", "here").out


def test_watch_prints_again_when_something_changes(empty_desk: Desk) -> None:
    empty_desk.put(record("one", State.RUNNING))
    process = empty_desk.start("list", "--watch", stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert "JOB" in process.stdout.readline()
    assert "RUNNING" in process.stdout.readline()
    empty_desk.put(record("two"))
    assert "JOB" in process.stdout.readline()
    assert {process.stdout.readline().split()[2] for _ in range(2)} == {"one", "two"}
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130


def test_watch_shows_what_fits_a_terminal(
    empty_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"job{number}" for number in range(30)]
    empty_desk.put(*(record(name, State.RUNNING) for name in names))
    with Store(empty_desk.home / "store.sqlite3") as store:
        store.set_machine_state("here", "unreachable", at=NOW, detail="no route")
    for name, value in {**empty_desk.environment, "COLUMNS": "80", "LINES": "12"}.items():
        monkeypatch.setenv(name, value)
    program = "import sys; from sojourn.cli import main; sys.exit(main(['list', '--watch']))"
    with at_terminal(program) as person:
        for rows in (9, 8):  # the note on the machine takes a line, as is known by the second look
            person.expect(r"\x1b\[H\x1b\[2J")
            person.expect(f"the newest {rows} of 30 jobs")
            person.expect("no route")
        person.interrupt()
        assert person.wait() == 130
    *_, last = person.seen.split("\x1b[H\x1b[2J")
    assert len(last.replace("^C", "").splitlines()) <= 12
    assert last.count("RUNNING") == 8


@pytest.mark.parametrize(("extra", "painted"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_states_are_painted_at_a_terminal_only(
    empty_desk: Desk, monkeypatch: pytest.MonkeyPatch, extra: dict[str, str], painted: bool
) -> None:
    empty_desk.put(record("one", State.FAILED, reason="x" * 300))
    for name, value in {**empty_desk.environment, **extra, "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    program = "import sys; from sojourn.cli import main; sys.exit(main(['list']))"
    with at_terminal(program) as person:
        person.wait()
        assert ("\x1b[31mFAILED" in person.seen) is painted
        line = person.seen.splitlines()[1]
        assert line.endswith("…")
        assert len(re.sub(r"\x1b\[\d+m", "", line)) == 80
    assert "\x1b" not in empty_desk("list").out


def test_status_without_a_signature_asks_about_all_that_are_out(desk: Desk) -> None:
    done = desk("status")
    assert (done.out, done.err) == ("", "sojourn: no jobs are out\n")
    first = desk.finished("--name", "done", "--", "true")
    second = desk.running("--name", "still", "--", "sleep 60")
    (one,) = desk("status", "--json").json
    assert one["signature"] == second
    assert one.keys() >= FIELDS
    assert desk.state(first) == "COMPLETED"


def test_status_of_a_machine_that_cannot_be_asked_fails_and_shows_what_is_known(
    desk: Desk,
) -> None:
    signature = desk.running("--", "sleep 60")
    root = desk.folder.parent / "root"
    root.rename(root.with_name("away"))
    root.write_text("in the way")
    try:
        done = desk("status", status=1)
        assert signature[:8] in done.out
        assert "RUNNING" in done.out
        assert "sojourn: " in done.err
    finally:
        root.unlink()
        root.with_name("away").rename(root)
    assert desk.state(signature) == "RUNNING"


def test_what_could_not_be_handed_in_is_handed_in_by_status(desk: Desk) -> None:
    root = desk.folder.parent / "root"
    root.write_text("in the way")
    done = desk("submit", "--", "true", status=1)
    assert "handed in at the next contact" in done.err
    assert [one["state"] for one in desk("list", "--json").json] == ["NEW"]
    root.unlink()
    desk("status")
    (one,) = desk("list", "--json").json
    desk("wait", one["signature"])
    assert os.path.isdir(root)  # noqa: PTH112
