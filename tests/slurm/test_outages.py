"""What is said of jobs while one of Slurm's daemons is down, hangs, or has forgotten them."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sojourn.batch.scheduler import Verdict
from sojourn.errors import SchedulerUnavailable
from sojourn.states import State
from sojourn.values.messages import Phase
from tests.slurm.site import Site, site_of
from tests.support import slurm_packages, users
from tests.support.slurm import RealSlurm
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slurm, pytest.mark.outage]

Start = Callable[[bool, int], Site]
FORGETS = 2
"""Seconds after which a controller forgets what has ended, where a test is about that."""


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a Slurm of the test's own, and a site on it: with accounting?, MinJobAge."""
    reason = slurm_packages.why_not()
    if reason:
        pytest.skip(reason)
    with ExitStack() as stack:
        users.hold(os.getpid())
        stack.callback(users.release, os.getpid())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        directory.chmod(0o755)

        def started(accounting: bool, min_job_age: int) -> Site:
            slurm = RealSlurm.create(
                directory / "slurm", accounting=accounting, min_job_age=min_job_age
            )
            slurm.start(users.USERS)
            stack.callback(slurm.stop)
            return stack.enter_context(site_of(slurm))

        yield started


def test_a_controller_that_is_down_changes_nothing(start: Start) -> None:
    site = start(False, 300)
    job = site.submit("sleep 2; exit 3")
    waits = site.submit("true", queue="down")
    site.awaited(job, Phase.RUNNING)
    site.slurm.controller.stop()
    with pytest.raises(SchedulerUnavailable, match="Unable to contact"):
        site.hear(site.scheduler.look([job, waits]))
    with pytest.raises(SchedulerUnavailable, match="Unable to contact"):
        site.hear(site.scheduler.search([site.name]))
    assert site.hand_in("true").verdict is Verdict.UNAVAILABLE
    site.slurm.controller.start()
    word = site.awaited(job, Phase.ENDED)
    assert (word.outcome, word.exit_code) == (State.FAILED, 3)
    assert site.word(waits).phase is Phase.WAITING


def test_a_controller_that_hangs(start: Start) -> None:
    site = start(False, 300)
    job = site.submit("sleep 60")
    site.slurm.controller.kill(signal.SIGSTOP)
    try:
        with pytest.raises(SchedulerUnavailable, match="timed out"):
            site.word(job)
        assert site.hand_in("true").verdict is Verdict.UNAVAILABLE
    finally:
        site.slurm.controller.kill(signal.SIGCONT)
    site.awaited(job, Phase.RUNNING)


def test_the_accounting_knows_what_the_controller_has_forgotten(start: Start) -> None:
    site = start(True, FORGETS)
    array = site.submit("exit $SLURM_ARRAY_TASK_ID", first=0, last=1)
    killed = site.submit("kill -9 $$")
    ids = [f"{array}_0", f"{array}_1", killed]
    asked = f"squeue -h -t all -o %i --name={site.name}"
    eventually(lambda: site.run(asked).stdout == "", timeout=90)
    words = site.hear(site.scheduler.look([*ids, "99999"]))
    assert [words[one].outcome for one in ids] == [State.COMPLETED, State.FAILED, State.FAILED]
    assert (words[ids[1]].exit_code, words[killed].signal) == (1, 9)
    assert all(words[one].usage is not None for one in ids)
    assert words["99999"].phase is Phase.ABSENT
    assert {entry.id for entry in site.hear(site.scheduler.search([site.name]))} == {array, killed}

    site.slurm.controller.stop()
    words = site.hear(site.scheduler.look([*ids, "99999"]))
    assert [words[one].outcome for one in ids] == [State.COMPLETED, State.FAILED, State.FAILED]
    assert words["99999"].phase is Phase.UNKNOWN, "nobody can say that it is absent"
    site.slurm.controller.start()

    assert site.slurm.database is not None
    site.slurm.database.stop()
    words = site.hear(site.scheduler.look([*ids, "99999"]))
    assert {word.phase for word in words.values()} == {Phase.UNKNOWN}
    assert all(word.reason for word in words.values())
    alive = site.submit("sleep 1; exit 4")
    assert site.awaited(alive, Phase.ENDED).exit_code == 4
    site.slurm.database.start()
    eventually(lambda: site.word(ids[0]).outcome is State.COMPLETED, timeout=60)


def test_without_accounting_what_is_forgotten_is_absent(start: Start) -> None:
    site = start(False, FORGETS)
    job = site.submit("true")
    site.awaited(job, Phase.ABSENT, timeout=90)


def test_a_node_that_fails(start: Start) -> None:
    site = start(True, 300)
    once = site.submit("sleep 60")
    again = site.submit("sleep 60", requeue=True)
    for job in (once, again):
        site.awaited(job, Phase.RUNNING)
    site.slurm.call("scontrol", "update", "nodename=localhost", "state=down", "reason=test")
    assert site.awaited(once, Phase.ENDED).outcome is State.NODE_FAIL
    word = site.awaited(again, Phase.WAITING)
    assert word.outcome is None
    eventually(lambda: "NODE_FAIL" in site.run(f"sacct -nPXDj {again} -o state").stdout)
    assert site.word(again).phase is Phase.WAITING, "whatever the accounting remembers"
    site.slurm.controller.stop()
    with pytest.raises(SchedulerUnavailable):
        site.word(again)


def test_jobs_pushed_out_by_others(start: Start) -> None:
    site = start(True, 300)
    cancelled = site.submit("sleep 60", queue="low", cpus_per_task=4)
    requeued = site.submit("sleep 60", queue="lowrequeue", cpus_per_task=4, requeue=True)
    for job in (cancelled, requeued):
        site.awaited(job, Phase.RUNNING)
    site.submit("sleep 60", queue="high", cpus_per_task=16)
    assert site.awaited(cancelled, Phase.ENDED).outcome is State.PREEMPTED
    assert site.awaited(requeued, Phase.WAITING).outcome is None


@pytest.mark.timeout(240)
def test_a_walltime_that_is_over(start: Start) -> None:
    site = start(True, 300)
    job = site.submit("sleep 600", walltime=60)
    word = site.awaited(job, Phase.ENDED, timeout=200)
    assert (word.outcome, word.reason) == (State.TIMEOUT, "TimeLimit")
