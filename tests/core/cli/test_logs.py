"""`logs`: from here when the result is here, live while the job runs."""

import shutil
import subprocess
import threading

import pytest

from tests.core.cli.desk import Desk
from tests.support.waiting import eventually


def test_both_logs_byte_for_byte(desk: Desk) -> None:
    signature = desk.finished("--", r"printf 'a\0b\377\n'; printf 'e\n' >&2")
    done = desk.process("logs", signature, stdout=subprocess.PIPE, text=False, given=b"")  # type: ignore[arg-type]
    assert done.out == b"a\0b\xff\n"  # type: ignore[comparison-overlap]
    assert desk("logs", signature, "--stderr").out == "e\n"


def test_a_result_that_is_here_is_read_here(desk: Desk) -> None:
    signature = desk.finished("--", "echo kept")
    desk("fetch", signature)
    shutil.rmtree(desk.folder.parent / "root")
    assert desk("logs", signature).out == "kept\n"


def test_a_long_log_comes_whole(desk: Desk) -> None:
    signature = desk.finished("--", "seq 1 400000")
    assert desk("logs", signature).out == "".join(f"{n}\n" for n in range(1, 400_001))


def test_following_reads_on_until_the_end(desk: Desk) -> None:
    step = desk.here / "step"
    command = f"echo one; while [ ! -e {step} ]; do sleep 0.05; done; echo two; echo three"
    signature = desk.submit("--", command)
    process = desk.start("logs", "-f", signature)
    assert process.stdout is not None
    assert process.stdout.readline() == "one\n"
    step.touch()
    rest, _ = process.communicate(timeout=30)
    assert rest == "two\nthree\n"
    assert process.returncode == 0


def test_following_a_job_that_waits_says_so(desk: Desk) -> None:
    blockers = [desk.running("--parameter", f"n={n}", "--", "sleep 60") for n in range(4)]
    signature = desk.submit("--", "echo at last")
    process = desk.start("logs", "-f", signature)
    assert process.stderr is not None
    assert "QUEUED" in process.stderr.readline()
    desk("cancel", *blockers)
    out, _ = process.communicate(timeout=60)
    assert out == "at last\n"


def test_following_a_killed_job_ends(desk: Desk) -> None:
    signature = desk.running("--", "echo begun; sleep 60")
    process = desk.start("logs", "-f", signature)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    threading.Thread(target=lambda: desk.process("cancel", signature)).start()
    process.communicate(timeout=60)
    assert process.returncode == 0
    eventually(lambda: desk.state(signature) == "CANCELLED")


def test_a_job_without_a_log_yet(desk: Desk) -> None:
    for n in range(4):
        desk.running("--parameter", f"n={n}", "--", "sleep 60")
    signature = desk.submit("--", "true")
    done = desk("logs", signature)
    assert done.out == ""
    assert f"job {signature[:8]} has printed nothing on standard output yet" in done.err


@pytest.mark.parametrize("fetched", [False, True])
def test_a_finished_job_that_printed_nothing_says_so(desk: Desk, fetched: bool) -> None:
    signature = desk.finished("--", "echo words >&2")
    if fetched:
        desk("fetch", signature)
    done = desk("logs", signature)
    assert done.out == ""
    assert "has printed nothing on standard output: it is COMPLETED" in done.err
    assert f"logs {signature[:8]} --stderr" in done.err
    assert desk("logs", "--stderr", signature).out == "words\n"


def test_the_log_of_the_newest_attempt_counts(desk: Desk) -> None:
    counter = desk.here / "count"
    signature = desk.finished("--", f"echo >> {counter}; wc -l < {counter}")
    desk("fetch", signature)
    desk("retry", signature)
    desk("wait", signature)
    assert desk("logs", signature).out.strip() == "2"
