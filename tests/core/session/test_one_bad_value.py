"""One bad value is evidence on one job, which is shown: it stops nothing else."""

import json
import os
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from sojourn.plugins.plausible import plausible
from sojourn.script.exitfile import LARGEST, BadExitFile, read_exit
from sojourn.states import State
from sojourn.store.store import Store
from sojourn.values.evidence import (
    ExitReport,
    Phase,
    PollAnswer,
    SchedulerWord,
    SiteEvidence,
    Usage,
)
from tests.core.cli.desk import Desk
from tests.core.store.samples import job
from tests.support.waiting import eventually

EXIT = (
    "sojourn-exit 1\nverdict ok\nstatus {status}\nstarted {started}\nfinished {finished}\nfiles\n"
)
SOUND = {"status": "0", "started": "1700000000", "finished": "1700000009"}


def written(text: str) -> Callable[[Path], None]:
    def replace(path: Path) -> None:
        path.unlink()
        path.write_text(text, errors="surrogateescape")

    return replace


def with_(**words: str) -> Callable[[Path], None]:
    return written(EXIT.format(**{**SOUND, **words}))


def sparse(path: Path) -> None:
    os.truncate(path, 3 << 30)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "exit").write_text("x")


NONSENSE: dict[str, Callable[[Path], None]] = {
    "a status of 25 digits": with_(status="1" + "0" * 24),
    "a status of 5000 digits": with_(status="9" * 5000),
    "a status that is no number": with_(status="٣"),
    "a negative status": with_(status="-1"),
    "started inf": with_(started="inf"),
    "started nan": with_(started="nan"),
    "finished 1e300": with_(finished="1e300"),
    "finished after all dates": with_(finished="253402300800"),
    "no verdict": written("sojourn-exit 1\nstatus 0\nstarted 1\nfinished 2\nfiles\n"),
    "a size of 30 digits": written(EXIT.format(**SOUND) + "f " + "9" * 30 + " x\0"),
    "a link to nowhere": written(EXIT.format(**SOUND) + "l 0 x\0"),
    "a kind that is none": written(EXIT.format(**SOUND) + "\udcff 0 x\0"),
    "bytes": written("\0\udcff" * 1000),
    "a sparse file of 3 GiB": sparse,
    "a pipe": pipe,
    "a link to a device": link,
    "a directory": folder,
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, dict[str, str], str]:
    """Jobs whose exit files were replaced by each nonsense, and one beside them that is sound."""
    here = tmp_path_factory.mktemp("desk")
    entry = {"backend": "local", "root": str(here / "root"), "slots": len(NONSENSE) + 1}
    desk = Desk(here / "desk", {"here": entry})
    gate = f"until [ -e {here}/open ]; do sleep 0.1; done"
    jobs = {
        what: desk.submit("-m", "here", "--name", what, "--", f"{gate} # {what}")
        for what in NONSENSE
    }
    sound = desk.submit("-m", "here", "--", gate)

    def exit_file(signature: str) -> Path:
        return here / "root" / "jobs" / signature[:2] / signature / "1" / "exit"

    (here / "open").touch()
    for what, signature in jobs.items():
        eventually(exit_file(signature).exists)
        NONSENSE[what](exit_file(signature))
    eventually(exit_file(sound).exists)
    return desk, jobs, sound


def test_the_sound_job_beside_them_is_polled(
    finished: tuple[Desk, dict[str, str], str],
) -> None:
    desk, jobs, sound = finished
    eventually(lambda: desk.state(sound) == "COMPLETED")
    states = {one["signature"]: one["state"] for one in desk("status", "--json", status=None).json}
    assert [w for w, one in jobs.items() if states.get(one) == "COMPLETED"] == []


@pytest.mark.parametrize("command", ["status", "list", "report"])
def test_every_command_goes_on(finished: tuple[Desk, dict[str, str], str], command: str) -> None:
    desk, _, sound = finished
    more = {"report": ["-o", "page.html"], "status": [sound]}
    done = desk(command, *more.get(command, []), status=None)
    assert "Traceback" not in done.err
    shown = (desk.here / "page.html").read_text() if command == "report" else done.out
    assert sound[:8] in shown


@pytest.mark.parametrize("what", NONSENSE)
def test_what_is_wrong_is_shown(finished: tuple[Desk, dict[str, str], str], what: str) -> None:
    desk, jobs, _ = finished
    desk("status", jobs[what], status=None)
    assert jobs[what][:8] in desk("show", jobs[what], status=None).out
    told = desk("explain", jobs[what], status=None).out
    assert "exit file" in told
    assert len(told) < 20_000


# --- the parts ------------------------------------------------------------------------------------


def test_an_exit_file_of_many_outputs_is_read() -> None:
    listing = "".join(f"f 1 {'x' * 100}{n}\0" for n in range(20_000))
    data = (EXIT.format(**SOUND) + listing).encode()
    assert 1 << 20 < len(data) < LARGEST
    assert len(read_exit(data).files) == 20_000


@pytest.mark.parametrize("status", ["65536", "", " 1", "1 ", "+1", "0x1", "1_0", "²"])
def test_what_is_no_status(status: str) -> None:
    with pytest.raises(BadExitFile, match="is no number"):
        read_exit(EXIT.format(**{**SOUND, "status": status}).encode())


WORDS = SchedulerWord(Phase.ENDED, "F", "over", State.FAILED, exit_code=3, finished_at=9.0, raw="r")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e300, -1.0, 10**30, 2**40, "9"])
def test_numbers_of_a_scheduler_that_cannot_be_are_not_known(value: object) -> None:
    usage = Usage(elapsed=5.0, cpu=value)  # type: ignore[arg-type]
    word = SchedulerWord(**{**asdict(WORDS), "signal": value, "usage": usage})
    (fixed) = plausible(PollAnswer("s", 1, word)).word
    assert fixed.signal is None
    assert (fixed.exit_code, fixed.finished_at, fixed.reason) == (3, 9.0, "over")
    assert fixed.raw.startswith("r\nnot possible: signal ")
    assert fixed.usage is not None
    assert fixed.usage.elapsed == 5.0
    assert fixed.usage.cpu == (2**40 if value == 2**40 else None)


def test_what_can_be_is_left_as_it_is() -> None:
    site = SiteEvidence(present=True, exit=ExitReport(0, "command", "", 1.0, 2.0))
    answer = PollAnswer("s", 1, WORDS, site)
    assert plausible(answer) is answer


def test_an_exit_report_that_cannot_be_is_none() -> None:
    site = SiteEvidence(present=True, exit=ExitReport(10**24, "command", "", 1.0, float("inf")))
    seen = plausible(PollAnswer("s", 1, WORDS, site)).site
    assert seen is not None
    assert seen.exit is None
    assert seen.exit_error == f"not possible: status {10**24}, finished_at inf"


def test_a_store_of_an_earlier_release_is_rid_of_what_no_date_can_say(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Store(path) as store:
        store.put_jobs([job(1)])
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE jobs SET submitted_at = 9e999, started_at = 5, finished_at = 1e300")
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with Store(path) as store:
        (record,) = store.select()
    assert (record.submitted_at, record.started_at, record.finished_at) == (None, 5, None)


def test_files_stay_as_strange_as_they_are(finished: tuple[Desk, dict[str, str], str]) -> None:
    """Nothing here has replaced them."""
    desk, jobs, _ = finished
    root = desk.folder.parent / "root" / "jobs"
    signature = jobs["a pipe"]
    assert stat.S_ISFIFO((root / signature[:2] / signature / "1" / "exit").lstat().st_mode)
    assert json.loads(desk("show", signature, "--json", status=None).out)
