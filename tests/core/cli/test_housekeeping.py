"""`gc` and `rebuild`."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest

from sojourn.cli.sweeping import staying
from sojourn.garbage.machine import STAYS
from sojourn.garbage.policy import ACTIVE, NEEDED, UNFETCHED, YOUNG
from tests.core.cli.desk import Desk
from tests.support.waiting import eventually

_DAYS = 86400.0


@pytest.fixture
def root(desk: Desk) -> Path:
    """The machine's root."""
    return desk.folder.parent / "root"


def _age(path: Path, days: float) -> None:
    """Make everything below look as if it were not touched for so long."""
    at = time.time() - days * _DAYS
    for each in [*path.rglob("*"), path]:
        os.utime(each, (at, at), follow_symlinks=False)


def _dirs(root: Path) -> set[str]:
    return {path.name for path in root.glob("jobs/??/*")}


def test_results_go_by_age(desk: Desk) -> None:
    old, new = (desk.finished("--output", "x", "--", f"echo {n} > x") for n in (1, 2))
    for signature in (old, new):
        desk("fetch", signature)
    place = desk.home / "results" / old[:2] / old
    os.utime(place, (0, 0))
    dry = desk("gc", "--older-than", "30d", "--dry-run")
    assert old[:8] in dry.out
    assert new[:8] not in dry.out
    assert "would be freed" in dry.err
    assert place.exists()
    (gone,) = desk("gc", "--older-than", "30d", "--json").json
    assert (gone["signature"], gone["what"], gone["removed"]) == (old, "result", True)
    assert not place.exists()
    desk("fetch", old)  # the machine still has it
    assert place.exists()


def test_results_go_by_size(desk: Desk) -> None:
    signature = desk.finished("--output", "x", "--", "echo 1 > x")
    desk("fetch", signature)
    assert desk("gc", "--keep-size", "1GiB").out == ""
    assert signature[:8] in desk("gc", "--keep-size", "0").out


@pytest.mark.parametrize("words", [[], ["--remote"], ["--remote", "--keep-size", "1GB"], ["--remote", "--older-than", "1d", "--keep-size", "1GB"], ["--older-than", "long ago"]])  # fmt: skip
def test_what_may_go_must_be_said(empty_desk: Desk, words: list[str]) -> None:
    done = empty_desk("gc", *words, status=2)
    assert "hint" in done.err


def test_directories_on_the_machine_go_when_their_results_are_here(desk: Desk, root: Path) -> None:
    fetched = desk.finished("--output", "x", "--", "echo 1 > x")
    unfetched = desk.finished("--output", "x", "--", "echo 2 > x")
    failed = desk.finished("--", "false")
    running = desk.running("--", "sleep 60")
    desk("fetch", fetched)
    assert desk("gc", "--remote", "--older-than", "1h").out == ""  # all too young
    words = ("gc", "--remote", "-m", "here", "--older-than", "0.001s")
    dry = desk(*words, "--dry-run")
    assert _dirs(root) == {fetched, unfetched, failed, running}
    assert "here: 1 job stays: it has results that are not here\n" in dry.err
    assert "here: 1 job stays: it has not ended\n" in dry.err
    gone = {one["signature"] for one in desk(*words, "--json").json if one["what"] == "job"}
    assert gone == {fetched, failed}
    assert _dirs(root) == {unfetched, running}
    desk(*words, "--unfetched")
    assert _dirs(root) == {running}
    assert desk.state(running) == "RUNNING"
    assert len(desk("fetch", fetched).out.splitlines()) == 1


@pytest.mark.parametrize("why", [ACTIVE, NEEDED, YOUNG, UNFETCHED, *STAYS.values()])
def test_one_job_stays_and_many_stay(why: str) -> None:
    assert staying(2, why) == f"2 jobs stay: they {why}"
    assert re.fullmatch(r"1 job stays: it (has|is|was|belongs|could) .*", staying(1, why))


def test_what_active_jobs_need_stays(desk: Desk, root: Path) -> None:
    """Inputs of jobs that have not ended, and their submissions, however old they are."""
    desk.file("needed", "1")
    desk.file("unneeded", "2")
    ended = desk.finished("--input", "unneeded", "--", "true")
    step = desk.here / "step"
    blockers = [
        desk.running("--parameter", f"n={n}", "--", f"while [ ! -e {step} ]; do sleep 0.1; done")
        for n in range(4)
    ]
    waiting = desk.submit("--input", "needed", "--output", "x", "--", "cat needed > x")
    for part in ("blobs", "submissions"):
        _age(root / part, 3)
    before = {path.name for path in root.glob("blobs/??/*")}
    gone = desk("gc", "--remote", "--older-than", "1d", "--json").json
    assert {one["what"] for one in gone} == {"blobs", "submissions"}
    assert len(before) == 2
    assert len(list(root.glob("blobs/??/*"))) == 1
    assert len(list(root.glob("submissions/*"))) == 5
    assert ended in _dirs(root)
    step.touch()
    desk("wait", waiting, *blockers)


def test_jobs_that_this_store_never_saw_are_found_too(desk: Desk, root: Path) -> None:
    failed = desk.finished("--", "false")
    done = desk.finished("--", "true")
    shutil.rmtree(desk.home)
    desk("machines", "check", "here", "--no-job")  # the machine is known again
    words = ("gc", "--remote", "--older-than", "0.001s", "--json")
    assert [one["signature"] for one in desk(*words).json if one["what"] == "job"] == [failed]
    assert _dirs(root) == {done}


def test_a_read_only_tree_goes_too(desk: Desk, root: Path) -> None:
    signature = desk.finished("--", "mkdir d; echo 1 > d/f; chmod a-w d/f d; false")
    desk("gc", "--remote", "--older-than", "0.001s")
    assert signature not in _dirs(root)


def test_rebuild_makes_a_lost_store_anew(desk: Desk, root: Path) -> None:
    completed = desk.finished("--name", "fit", "--output", "x", "--", "echo 5 > x")
    failed = desk.finished("--", "exit 3")
    desk("retry", failed)
    desk("wait", failed, status=1)
    running = desk.running("--", "sleep 60")
    before = {one["signature"]: one for one in desk("list", "--json").json}
    shutil.rmtree(desk.home)
    done = desk("rebuild", "-m", "here")
    assert "3 jobs of here recorded" in done.err
    after = {one["signature"]: one for one in desk("status", "-m", "here", "--json").json}
    assert after.keys() == before.keys() == {completed, failed, running}
    for signature, one in after.items():
        for name in ("name", "state", "exit_code", "attempt", "scheduler_id", "job_dir", "machine"):
            assert one[name] == before[signature][name], name
    (shown,) = desk("show", failed, "--json").json
    assert [attempt["exit_code"] for attempt in shown["attempts"]] == [3, 3]
    place = Path(desk("fetch", completed).out.strip())
    assert (place / "x").read_text() == "5\n"
    desk("retry", failed)
    desk("cancel", running)
    desk("wait", running, status=1)


def test_rebuild_asks_the_scheduler_why_a_job_was_ended(desk: Desk, root: Path) -> None:
    """Only about the newest attempt: the one before is judged by its files alone."""
    job = desk.running("--", "sleep 60")
    desk("cancel", job)
    desk("wait", job, status=1)
    desk("retry", job)
    eventually(lambda: desk("status", job) and desk.state(job) == "RUNNING")
    desk("cancel", job)
    desk("wait", job, status=1)
    exits = [file.read_text() for file in sorted(root.glob(f"jobs/??/{job}/?/exit"))]
    assert ["verdict asked" in text for text in exits] == [True, True]
    shutil.rmtree(desk.home)
    desk("rebuild", "-m", "here")
    (shown,) = desk("show", job, "--json").json
    assert [attempt["state"] for attempt in shown["attempts"]] == ["CANCELLED", "CANCELLED"]
    last = shown["attempts"][-1]["reason"]
    assert "something else" not in last, f"the scheduler knows better than {last!r}"


def test_rebuild_changes_nothing_that_is_known(desk: Desk) -> None:
    signature = desk.finished("--", "true")
    before = desk("explain", signature, "--json").json
    done = desk("rebuild", "--json")
    assert done.json == []
    assert "1 other known before" in done.err
    assert desk("explain", signature, "--json").json == before


def test_rebuild_trusts_no_record_that_does_not_fit(desk: Desk, root: Path) -> None:
    good, forged, garbled = (desk.finished("--", f"echo {n}") for n in range(3))
    for signature, change in ((forged, ("echo 1", "echo evil")), (garbled, ("{", "<"))):
        file = root / "jobs" / signature[:2] / signature / "job.json"
        file.write_text(file.read_text().replace(*change))
    shutil.rmtree(desk.home)
    done = desk("rebuild", "--json")
    assert [one["signature"] for one in done.json] == [good]
    assert f"left out {forged[:12]}" in done.err
    assert f"left out {garbled[:12]}" in done.err


def test_rebuild_of_an_empty_machine(desk: Desk) -> None:
    assert "0 jobs of here recorded" in desk("rebuild").err
