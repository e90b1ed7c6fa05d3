"""Jobs run, detached, in order, in as many slots as there are."""

import os
import pwd
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sojourn.states import State
from sojourn.values.messages import JobRef, Phase
from tests.local.conftest import Stands
from tests.local.stand import Stand
from tests.support.waiting import eventually


def test_a_job_runs_and_its_end_is_reported(stand: Stand) -> None:
    job = stand.run("echo hello; exit 3")
    word = stand.ended(job)
    assert (word.outcome, word.exit_code) == (State.FAILED, 3)
    assert stand.status(job) == 3
    assert (stand.work(job).parent / "stdout").read_text() == "hello\n"
    assert word.usage is not None
    assert word.usage.elapsed is not None
    assert word.started_at is not None
    assert word.finished_at is not None
    assert word.submitted_at is not None
    assert word.submitted_at <= word.started_at <= word.finished_at


def test_runners_end_when_there_is_nothing_to_do(stand: Stand) -> None:
    jobs = stand.submit(*(stand.order("true") for _ in range(5)))
    for job in jobs:
        assert stand.ended(job).outcome is State.COMPLETED
    eventually(lambda: not stand.processes(), saying=lambda: str(stand.processes()))
    assert list(stand.layout.queue.iterdir()) == []
    assert list(stand.layout.running.iterdir()) == []


def test_the_environment_is_clean(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SUBMITTER", "x")
    monkeypatch.setenv("LC_ALL", "C")
    job = stand.run("env -0 >env; pwd; readlink /proc/self/fd/0")
    stand.ended(job)
    words = dict(
        entry.split("=", 1) for entry in (stand.work(job) / "env").read_text().split("\0")[:-1]
    )
    user = pwd.getpwuid(os.getuid())
    assert words["HOME"] == user.pw_dir
    assert words["USER"] == words["LOGNAME"] == user.pw_name
    assert words["SOJOURN_SCHEDULER_ID"] == job.scheduler_id
    assert words["SOJOURN_INDEX"] == "0"
    assert {"PATH", "SHELL", "LANG", "TMPDIR"} <= words.keys()
    assert not {"SECRET_OF_THE_SUBMITTER", "LC_ALL", "VIRTUAL_ENV"} & words.keys()
    stdout = (stand.work(job).parent / "stdout").read_text().splitlines()
    assert stdout == [str(stand.work(job)), "/dev/null"]


def test_a_runner_keeps_little_of_the_environment(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SUBMITTER", "x")
    monkeypatch.setenv("LC_TIME", "C")
    up = "p=$$; while [ $p -gt 1 ]; do cat /proc/$p/environ; "
    job = stand.run(up + "p=$(sed -n 's/^PPid:.//p' /proc/$p/status); done")
    stand.ended(job)
    words = (stand.work(job).parent / "stdout").read_text().split("\0")
    assert "LC_TIME=C" in words
    assert "SECRET_OF_THE_SUBMITTER=x" not in words


def test_no_signal_is_ignored_and_no_terminal_is_there(stand: Stand) -> None:
    script = "import signal; print([s for s in signal.valid_signals() if signal.getsignal(s) == 1])"
    job = stand.run(f"{sys.executable} -S -c '{script}' && ! : </dev/tty")
    stand.ended(job)
    out = (stand.work(job).parent / "stdout").read_text()
    # Python itself ignores these two.
    assert out == "[<Signals.SIGPIPE: 13>, <Signals.SIGXFSZ: 25>]\n"


def test_jobs_outlive_the_client(stands: Stands, tmp_path: Path) -> None:
    program = """
        import os, signal, sys
        from pathlib import Path
        from tests.local.stand import Stand
        stand = Stand(Path(sys.argv[1]), slots=1)
        jobs = stand.submit(stand.order("sleep 1; echo one"), stand.order("echo two"))
        print(*(f"{job.signature} {job.token} {job.index} {job.scheduler_id}" for job in jobs),
              sep="\\n", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "root")]
    told = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
    assert told.returncode == -9, told.stderr
    stand = stands()
    ids = [line.split()[3] for line in told.stdout.splitlines()]
    assert len(ids) == 2
    # Nobody polls: the runner goes on to the second by itself.
    eventually(lambda: all((stand.layout.ended / job).exists() for job in ids), saying=stand.log)


def test_one_slot_runs_one_after_the_other_in_order(stands: Stands, tmp_path: Path) -> None:
    stand = stands(slots=1)
    log = tmp_path / "order"
    jobs = stand.submit(
        *(stand.order(f"echo {n} >>{log}; sleep 0.05; echo {n} >>{log}") for n in range(12))
    )
    for job in jobs:
        stand.ended(job)
    assert log.read_text().split() == [str(n) for n in range(12) for _ in range(2)]


def test_slots_hold_however_many_clients_submit(stands: Stands, tmp_path: Path) -> None:
    """Eight processes hand in and poll at once; never more than three jobs run."""
    root, marks = tmp_path / "root", tmp_path / "marks"
    marks.mkdir()
    program = """
        import sys
        from pathlib import Path
        from tests.local.stand import Stand
        root, marks = Path(sys.argv[1]), sys.argv[2]
        stand = Stand(root, slots=3)
        count = f"touch {marks}/$$; ls {marks} | wc -l; sleep 0.05; rm {marks}/$$"
        jobs = []
        for _ in range(4):
            jobs += stand.submit(*(stand.order(count) for _ in range(3)))
            stand.poll(*jobs)
        for job in jobs:
            stand.ended(job, 100)
            print((stand.work(job).parent / "stdout").read_text().strip())
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(root), str(marks)]
    clients = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    seen = []
    for client in clients:
        out, err = client.communicate()
        assert client.returncode == 0, err
        seen += [int(word) for word in out.split()]
    assert len(seen) == 8 * 12
    assert max(seen) <= 3
    assert max(seen) > 1, "nothing ever ran at the same time"
    stand = stands()
    assert {slot.name for slot in stand.layout.slots.iterdir()} <= {"0", "1", "2"}


def test_five_hundred_jobs_go_through(stands: Stands) -> None:
    stand = stands(slots=4)
    jobs = stand.submit(*(stand.order("true") for _ in range(500)))

    def all_ended() -> bool:
        return len(list(stand.layout.ended.iterdir())) == len(jobs)

    eventually(all_ended, timeout=100, saying=stand.log)
    answers = stand.poll(*jobs)
    assert {answer.word.outcome for answer in answers} == {State.COMPLETED}
    assert {answer.site.exit.status for answer in answers if answer.site and answer.site.exit} == {
        0
    }
    eventually(lambda: not stand.processes())


def test_at_most_one_process_a_slot_however_many_wait(stands: Stands) -> None:
    stand = stands(slots=2)
    jobs = stand.submit(*(stand.order("sleep 600") for _ in range(50)))
    for job in jobs[:2]:
        stand.running(job)
    assert len(stand.runners()) == 2
    stand.poll(*jobs)
    stand.poll(*jobs)
    assert len(stand.runners()) == 2
    words = [answer.word.phase for answer in stand.poll(*jobs)]
    assert words == [Phase.RUNNING] * 2 + [Phase.WAITING] * 48


NESTED = """
    import sys
    from pathlib import Path
    from tests.local.stand import Stand
    stand = Stand(Path(sys.argv[1]), slots=2)
    job = stand.run("touch begun; while [ ! -e ../go ]; do sleep 0.05; done; echo done")
    stand.running(job)
    print(job.signature, job.token, job.index, job.scheduler_id)
"""


def test_jobs_that_a_job_hands_in_outlive_it(stands: Stands, tmp_path: Path) -> None:
    """The inner job's runner descends from the outer one's, and is no part of the outer job."""
    stand = stands(slots=2)
    program = tmp_path / "nested.py"
    program.write_text(textwrap.dedent(NESTED))
    outer = stand.run(f"PYTHONPATH={Path.cwd()} {sys.executable} {program} {stand.root}")
    # Nobody polls: it is the outer job that starts a runner for the inner one.
    eventually((stand.layout.ended / outer.scheduler_id).exists, saying=stand.log)
    words = (stand.work(outer).parent / "stdout").read_text().split()
    inner = JobRef(words[0], 1, words[1], int(words[2]), words[3])
    assert stand.word(inner).phase is Phase.RUNNING
    (stand.work(inner).parent / "go").touch()
    assert stand.ended(inner).outcome is State.COMPLETED
    usage = stand.word(inner).usage
    assert usage is not None
    assert usage.cpu is not None, "the runner that has started it was with it to the end"


def test_a_submission_whose_directory_has_gone_fails_and_blocks_nobody(stands: Stands) -> None:
    stand = stands(slots=1)
    first = stand.run("sleep 600")
    stand.running(first)
    gone = stand.run("true")
    after = stand.run("true")
    folder = stand.layout.submission(gone.token)
    folder.rename(folder.with_name("gone"))
    stand.cancel(first)
    word = stand.ended(gone)
    assert word.outcome is State.FAILED
    assert "cannot be started" in word.reason
    assert stand.ended(after).outcome is State.COMPLETED
