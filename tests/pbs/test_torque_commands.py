"""The Torque dialect with the real commands of slurm-wlm-torque, over a real Slurm."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sojourn.batch.scheduler import QueueEntry, Took, Verdict
from sojourn.errors import SchedulerUnavailable
from sojourn.states import State
from sojourn.values.messages import Phase
from sojourn.values.resources import Resources
from sojourn_pbs.dialects import Dialect
from tests.pbs.site import Site, site_of
from tests.support import slurm_packages, users
from tests.support.slurm import RealSlurm

pytestmark = pytest.mark.torque


@pytest.fixture
def site(plain_slurm: RealSlurm) -> Iterator[Site]:
    """A site on the Slurm without accounting."""
    with site_of(plain_slurm) as found:
        yield found


@pytest.fixture
def limited(slurm: RealSlurm) -> Iterator[Site]:
    """A site on the one with accounting, which alone enforces limits."""
    with site_of(slurm) as found:
        yield found


def test_what_is_probed(site: Site) -> None:
    assert site.scheduler.dialect is Dialect.WRAPPERS
    assert site.scheduler.array_limit() == 1


def test_slurm_understands_the_words(site: Site) -> None:
    job = site.submit(
        "true", nodes=1, tasks=2, cpus_per_task=2, gpus_per_node=1, memory="100MiB",
        walltime="1h 30s", queue="normal", account="acct", native=["-h"],
    )  # fmt: skip
    shown = site.run(f"scontrol show job {job}").stdout
    for words in (
        "NumNodes=1-1 ", "NumTasks=4 ", "gpu:1", "MinMemoryNode=100M ", "TimeLimit=01:01:00 ",
        "Partition=normal ", "Account=acct ", "Requeue=0 ", f"JobName={site.name}",
        "JobState=PENDING Reason=JobHeldUser",
    ):  # fmt: skip
        assert words in shown, words
    again = site.submit("true", requeue=True)
    assert "Requeue=1 " in site.run(f"scontrol show job {again}").stdout


def test_a_job_has_the_submitters_umask_and_nothing_else_of_theirs(site: Site) -> None:
    job = site.submit('umask; echo "<$OF_THE_SUBMITTER>"; echo error >&2')
    word = site.awaited(job, Phase.ENDED)
    assert word.outcome is None, "qstat does not say how"
    assert site.printed() == "0027\n<>\nerror\n"


def test_a_percent_sign_in_the_directory_keeps_no_job_from_starting(
    plain_slurm: RealSlurm,
) -> None:
    with site_of(plain_slurm, "50%j off") as site:
        job = site.submit("pwd >seen")
        site.awaited(job, Phase.ENDED)
        (seen,) = site.directory.glob("*/seen")
        assert seen.read_text() == f"{seen.parent}\n"


def test_what_is_refused(site: Site) -> None:
    for word, value, reason in (
        ("queue", "nosuch", "invalid partition"),
        ("memory", "10TiB", "Memory specification"),
        ("queue", "inactive", "not available"),
    ):
        words: dict[str, Any] = {word: value}
        reply = site.hand_in("true", **words)
        assert reply.verdict is Verdict.REFUSED
        assert reason in reply.reason


@pytest.mark.xdist_group("small-queue")
def test_a_full_queue(limited: Site) -> None:
    replies = [limited.hand_in("true", queue="small", native=["-h"]) for _ in range(6)]
    assert replies[-1].verdict is Verdict.FULL
    assert "QOSMaxSubmitJobPerUserLimit" in replies[-1].reason


def test_held_released_cancelled(site: Site) -> None:
    job = site.submit("true", queue="down")
    scheduler = site.scheduler
    assert site.word(job).phase is Phase.WAITING
    assert site.hear(scheduler.hold({job: ""}))[job].took is Took.DONE
    assert site.word(job).phase is Phase.HELD
    assert site.hear(scheduler.release({job: ""}))[job].took is Took.DONE
    assert site.word(job).phase is Phase.WAITING
    other = site.hear(scheduler.cancel({job: ""}), users.USERS[1])[job]
    assert (other.took, "denied" in other.reason) == (Took.REFUSED, True)
    assert site.hear(scheduler.cancel({job: ""}))[job].took is Took.DONE
    word = site.awaited(job, Phase.ENDED)
    assert (word.outcome, word.started_at) == (State.CANCELLED, None)
    for change in (scheduler.cancel, scheduler.hold, scheduler.release):
        assert site.hear(change({job: "", "4000000": ""})) != {}
        assert site.hear(change({job: ""}))[job].took is Took.FINISHED
        assert site.hear(change({"4000000": ""}))["4000000"].took is Took.UNKNOWN


def test_a_running_job_is_not_held(site: Site) -> None:
    job = site.submit("sleep 60")
    site.awaited(job, Phase.RUNNING)
    assert site.hear(site.scheduler.hold({job: ""}))[job].took is Took.REFUSED
    assert site.hear(site.scheduler.cancel({job: ""}))[job].took is Took.DONE
    site.awaited(job, Phase.ENDED)


def test_a_child_runs_after_its_parents_however_they_ended(site: Site) -> None:
    failing = site.submit("sleep 1; exit 3")
    child = site.submit("true", (failing, "4000000"))
    assert site.word(child).phase is Phase.WAITING
    word = site.awaited(child, Phase.ENDED)
    parent = site.word(failing)
    assert word.started_at is not None
    assert parent.finished_at is not None
    assert word.started_at >= parent.finished_at


def test_jobs_are_found_by_name(site: Site) -> None:
    job = site.submit("true", queue="down")
    found = site.hear(site.scheduler.search([site.name, "sj000000000000"]))
    assert found == [QueueEntry(site.name, job)]


def test_what_check_says(site: Site) -> None:
    lines = site.hear(site.scheduler.check(Resources(queue="normal", walltime="1h")))
    assert {line.what for line in lines} == {"dialect", "scheduler", "queue"}
    assert not [line for line in lines if line.ok is False]


@pytest.mark.outage
def test_a_controller_that_is_down_or_has_forgotten_a_job() -> None:
    reason = slurm_packages.why_not()
    if reason:
        pytest.skip(reason)
    with ExitStack() as stack:
        users.hold(os.getpid())
        stack.callback(users.release, os.getpid())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        directory.chmod(0o755)
        slurm = RealSlurm.create(directory / "slurm", accounting=False, min_job_age=2)
        slurm.start(users.USERS)
        stack.callback(slurm.stop)
        site = stack.enter_context(site_of(slurm))
        job, waits = site.submit("true"), site.submit("true", queue="down")
        site.awaited(job, Phase.ENDED)
        slurm.controller.stop()
        for conversation in (
            site.scheduler.look([job, waits]),
            site.scheduler.search([site.name]),
            site.scheduler.cancel({waits: ""}),
        ):
            with pytest.raises(SchedulerUnavailable):
                site.hear(conversation)
        assert site.hand_in("true").verdict is Verdict.UNAVAILABLE
        slurm.controller.start()
        assert site.awaited(waits, Phase.WAITING).outcome is None
        site.awaited(job, Phase.ABSENT, timeout=150)
        assert site.word(waits).phase is Phase.WAITING
