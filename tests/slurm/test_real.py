"""The backend on a real Slurm, with accounting and without, as an ordinary user."""

import re
from collections.abc import Iterator

import pytest

from sojourn.batch.scheduler import QueueEntry, Took, Verdict
from sojourn.states import State
from sojourn.values.messages import Phase
from sojourn.values.resources import Resources
from sojourn_slurm import SlurmOptions
from tests.slurm.site import Site, site_of
from tests.support import users
from tests.support.slurm import RealSlurm
from tests.support.waiting import eventually

pytestmark = pytest.mark.slurm


@pytest.fixture(params=["slurm", "plain_slurm"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A site on each of the two."""
    with site_of(request.getfixturevalue(request.param)) as found:
        yield found


@pytest.fixture
def accounted(slurm: RealSlurm) -> Iterator[Site]:
    """A site on the one with accounting."""
    with site_of(slurm) as found:
        yield found


def test_what_is_probed(site: Site) -> None:
    assert site.scheduler.accounting is site.slurm.has_accounting
    assert site.scheduler.array_limit() == 1000
    assert re.fullmatch(r"\d+\.\d+\.\d+", site.scheduler.facts["version"])


def test_slurm_understands_every_word(site: Site) -> None:
    job = site.submit(
        "true",
        nodes=1, tasks=2, tasks_per_node=2, cpus_per_task=2, gpus_per_node=1, gpu_type="a100",
        memory="100MiB", walltime="1h 30s", queue="normal", account="acct", constraint="fast&big",
        exclusive=True, requeue=True, native=["--hold", "--comment=a # b"],
    )  # fmt: skip
    shown = site.run(f"scontrol show job {job}").stdout
    for words in (
        "NumNodes=1-1 ", "NumTasks=2 ", "CPUs/Task=2 ", "gpu:a100:1", "MinMemoryNode=100M ",
        "TimeLimit=01:01:00 ", "Partition=normal ", "Features=fast&big ", "Requeue=1 ",
        f"JobName={site.name}", f"WorkDir={site.directory}", "JobState=PENDING Reason=JobHeldUser",
    ):  # fmt: skip
        assert words in shown, words
    assert "Requeue=0 " in site.run(f"scontrol show job {site.submit('true')}").stdout


@pytest.mark.xdist_group("small-queue")
def test_reservations_and_qos_reach_slurm(accounted: Site) -> None:
    reply = accounted.hand_in("true", reservation="nosuch")
    assert (reply.verdict, "reservation" in reply.reason) == (Verdict.REFUSED, True)
    job = accounted.submit("true", qos="small", native=["--hold"])
    assert "QOS=small" in accounted.run(f"scontrol show job {job}").stdout


@pytest.mark.parametrize("directory", ["a b'c\"d", "%j %% %A", "#1 ü", "line\nbreak"])
def test_any_directory_will_do(slurm: RealSlurm, directory: str) -> None:
    with site_of(slurm, directory=directory) as site:
        assert site.printed(site.submit("pwd")) == f"{site.directory}\n"


def test_in_a_directory_with_backslashes_all_write_into_one_file(slurm: RealSlurm) -> None:
    with site_of(slurm, directory="a\\b \\\\c%j") as site:
        job = site.submit("pwd", first=0, last=1)
        for index in range(2):
            site.awaited(f"{job}_{index}", Phase.ENDED)
        assert (site.directory / "slurm.out").read_text() == f"{site.directory}\n" * 2


def test_a_job_inherits_nothing_of_whoever_submits(site: Site) -> None:
    surroundings = {
        "SECRET": "mine",
        "SLURM_ARRAY_TASK_ID": "5",
        "SLURM_ARRAY_JOB_ID": "77",
        "SBATCH_JOB_NAME": "theirs",
        "SBATCH_TIMELIMIT": "1",
    }
    identity = (
        f'echo "me=${{SECRET-}},{site.scheduler.id_variable}"; scontrol show job $SLURM_JOB_ID'
    )
    job = site.submit(f"PATH={site.slurm.bin}:$PATH; {identity}", environment=surroundings)
    printed = site.printed(job)
    assert f"me=,{job}\n" in printed
    assert f"JobName={site.name}\n" in printed
    assert "TimeLimit=00:05:00 " in printed


def test_an_array_from_submission_to_its_end(site: Site) -> None:
    scheduler = site.scheduler
    body = f'echo "{scheduler.id_variable}"; exit "{scheduler.index_variable}"'
    job = site.submit(body, first=0, last=3)
    ids = [scheduler.task_id(job, index) for index in range(4)]
    for one in ids:
        site.awaited(one, Phase.ENDED)
        assert (site.directory / f"slurm-{one}.out").read_text() == f"{one}\n"
    words = site.hear(scheduler.look([*ids, f"{job}_9", "99999999"]))
    assert [words[one].outcome for one in ids] == [State.COMPLETED, *[State.FAILED] * 3]
    assert [words[one].exit_code for one in ids] == [0, 1, 2, 3]
    assert [words[f"{job}_9"].phase, words["99999999"].phase] == [Phase.ABSENT] * 2
    assert all(words[one].finished_at for one in ids)


def test_what_a_job_has_used(accounted: Site) -> None:
    job = accounted.submit("python3 -c 'import time; x = bytearray(30000000); time.sleep(3)'",
                           memory="200MiB")  # fmt: skip
    accounted.awaited(job, Phase.ENDED)
    usage = eventually(lambda: accounted.word(job).usage)  # its record comes a moment later
    assert usage is not None
    assert usage.elapsed is not None
    assert usage.cpu is not None
    assert 2 <= usage.elapsed < 30
    assert usage.cpu > 0
    assert usage.allocated_cpus == 1
    assert usage.max_memory is None or usage.max_memory > 20_000_000


def test_a_chain_goes_on_however_the_parents_end(site: Site) -> None:
    array = site.submit("exit 1", first=0, last=1)
    job = site.submit("sleep 1; exit 2", after=(f"{array}_1",))
    last = site.submit("true", after=(job, array))
    assert site.awaited(last, Phase.ENDED).outcome is State.COMPLETED
    assert site.word(job).exit_code == 2


def test_a_job_that_can_never_start_says_why(site: Site) -> None:
    job = site.submit("true", walltime="30d")
    assert site.awaited(job, Phase.WAITING).never.startswith("Partition")
    eventually(lambda: site.word(job).never.startswith("PartitionTimeLimit: "))


def test_a_queue_that_is_down_passes(site: Site) -> None:
    word = site.word(site.submit("true", queue="down"))
    assert (word.phase, word.never) == (Phase.WAITING, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"queue": "nosuch"}, "nosuch"),
        ({"queue": "inactive"}, "inactive or drain"),
        ({"constraint": "nosuch"}, "feature"),
        ({"gpus_per_node": 99}, "not available"),
        ({"memory": "90TiB"}, "Memory"),
        ({"native": ["--nosuch"]}, "--nosuch"),
    ],
)
def test_refusals(site: Site, words: dict[str, object], told: str) -> None:
    reply = site.hand_in("true", None, None, (), {}, **words)
    assert reply.verdict is Verdict.REFUSED
    assert told in reply.reason


def test_an_account_that_is_not_mine(accounted: Site) -> None:
    reply = accounted.hand_in("true", account="nosuch")
    assert (reply.verdict, reply.reason.startswith("Invalid account")) == (Verdict.REFUSED, True)


@pytest.mark.xdist_group("small-queue")
def test_a_full_queue_is_no_refusal(accounted: Site) -> None:
    replies = [accounted.hand_in("true", queue="small", native=["--hold"]) for _ in range(5)]
    assert [reply.verdict for reply in replies] == [*[Verdict.TAKEN] * 4, Verdict.FULL]
    assert "QOSMaxSubmitJobPerUserLimit" in replies[-1].reason
    array = accounted.hand_in("true", first=0, last=1, queue="small")
    assert array.verdict is Verdict.FULL


def test_an_array_that_is_too_large(site: Site) -> None:
    limit = site.scheduler.array_limit()
    assert site.hand_in("true", first=0, last=limit + 1).verdict is Verdict.FULL
    assert site.hand_in("true", first=0, last=limit - 1, native=["--hold"]).verdict is Verdict.TAKEN


def test_found_again_by_name(site: Site) -> None:
    job = site.submit("true")
    array = site.submit("sleep 60", first=3, last=4)
    site.awaited(job, Phase.ENDED)
    entries = site.hear(site.scheduler.search([site.name, "sjffffffffffff"]))
    assert set(entries) == {
        QueueEntry(site.name, job),
        QueueEntry(site.name, array, 3),
        QueueEntry(site.name, array, 4),
    }


def test_hold_and_release(site: Site) -> None:
    ended = site.submit("true")
    site.awaited(ended, Phase.ENDED)
    runs = site.submit("sleep 60")
    site.awaited(runs, Phase.RUNNING)
    array = site.submit("true", first=0, last=2, queue="down")
    ids = [f"{array}_{index}" for index in range(3)]
    asked = dict.fromkeys([*ids[:2], runs, ended, "99999999"], site.name)
    held = site.hear(site.scheduler.hold(asked))
    assert {one: response.took for one, response in held.items()} == {
        **dict.fromkeys(ids[:2], Took.DONE),
        runs: Took.REFUSED,
        ended: Took.FINISHED,
        "99999999": Took.UNKNOWN,
    }
    words = site.hear(site.scheduler.look(ids))
    assert [words[one].phase for one in ids] == [Phase.HELD, Phase.HELD, Phase.WAITING]
    released = site.hear(site.scheduler.release(dict.fromkeys(ids, site.name)))
    assert {response.took for response in released.values()} == {Took.DONE}
    words = site.hear(site.scheduler.look(ids))
    assert {words[one].phase for one in ids} == {Phase.WAITING}


def test_cancel_tells_what_had_ended(site: Site) -> None:
    ended = site.submit("true")
    runs = site.submit("sleep 60")
    waits = site.submit("true", queue="down")
    array = site.submit("true", first=0, last=5, queue="down")
    site.awaited(ended, Phase.ENDED)
    site.awaited(runs, Phase.RUNNING)
    tasks = [f"{array}_{index}" for index in (0, 1, 3)]
    asked = dict.fromkeys([ended, runs, waits, *tasks, "99999999"], site.name)
    took = site.hear(site.scheduler.cancel(asked))
    assert {one: response.took for one, response in took.items()} == {
        ended: Took.FINISHED,
        **dict.fromkeys((runs, waits, *tasks), Took.DONE),
        "99999999": Took.UNKNOWN,
    }
    assert site.awaited(runs, Phase.ENDED).outcome is State.CANCELLED
    assert site.awaited(waits, Phase.ENDED).outcome is State.CANCELLED
    assert site.word(f"{array}_2").phase is Phase.WAITING


def test_the_jobs_of_others(site: Site) -> None:
    array = site.submit("true", first=0, last=3, queue="down")
    ids = [f"{array}_{index}" for index in range(3)]
    with site_of(site.slurm, users.USERS[1]) as other:
        for change in (other.scheduler.cancel, other.scheduler.hold):
            responses = other.hear(change(dict.fromkeys(ids, site.name)))
            assert {response.took for response in responses.values()} == {Took.REFUSED}
            assert all(response.reason for response in responses.values())
        assert other.word(ids[0]).phase is Phase.WAITING
        assert other.hear(other.scheduler.search([site.name])) == []


def test_a_job_that_is_started_again_is_not_over(accounted: Site) -> None:
    job = accounted.submit("sleep 60", requeue=True)
    accounted.awaited(job, Phase.RUNNING)
    accounted.slurm.call("scontrol", "requeue", job)
    word = accounted.awaited(job, Phase.WAITING)
    assert word.outcome is None
    accounted.slurm.call("scontrol", "requeuehold", job, check=False)
    accounted.slurm.call("scontrol", "hold", job)
    assert accounted.awaited(job, Phase.HELD).reason


def test_check(site: Site) -> None:
    defaults = Resources(queue="normal", walltime=600)
    lines = site.hear(site.scheduler.check(defaults))
    assert [line for line in lines if line.ok is False] == []
    assert {"queue", "a job", "accounting"} <= {line.what for line in lines}


def test_check_of_what_no_node_has(site: Site) -> None:
    lines = site.hear(site.scheduler.check(Resources(queue="normal", cpus_per_task=500)))
    (failed,) = [line for line in lines if line.ok is False]
    assert (failed.what, bool(failed.advice)) == ("a job", True)
    assert "not available" in failed.detail


def test_check_of_another_cluster(accounted: Site) -> None:
    site = type(accounted.scheduler)(SlurmOptions(cluster="nosuch"))
    (failed,) = [line for line in accounted.hear(site.check(Resources())) if line.ok is False]
    assert "'nosuch'" in failed.detail
    assert "`cluster: nosuch`" in failed.advice
