"""R34 to R37 and R57: cancel ends what it was asked to end, and nothing else."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sojourn.states import State
from sojourn.testing.bench import Bench
from sojourn.testing.client import Client
from sojourn.testing.marks import rule
from sojourn.testing.situations import COUNT, UNTIL_TOLD, judged, quiet, runs, tell, waiting
from sojourn.testing.suites.base import Suite
from sojourn.testing.suites.batches import ended_batch, stranger
from sojourn.testing.suites.jobs import brought
from sojourn.values.messages import Changed

BEATS = 'while :; do echo >> "$SOJOURN_JOB_DIR/beats"; sleep 0.2; done'
FAMILY = f"({BEATS}) & sh -c '({BEATS}) & {BEATS}' & {BEATS}"
"""A command with children and grandchildren, all of which show that they live."""


class Changes(Suite):
    """Cancelling jobs in every situation."""

    @rule("R34")
    def test_a_running_job_ends_with_all_that_it_has_started(
        self, bench: Bench, client: Client
    ) -> None:
        job = client.take(client.order(FAMILY))[0]
        client.started([job])
        beats = f"{client.job_dir(job)}/beats"
        client.until([job], lambda _: bench.shell(f"test -s {beats}").status == 0)
        assert client.cancel(job)[0].outcome is Changed.DONE
        answer = client.gone([job])[0]
        quiet(bench, beats)
        state = judged(answer, time.time(), cancel_requested=True, absent_polls=2).state
        assert state is State.CANCELLED

    @rule("R34")
    def test_a_cancelled_array_ends_as_a_whole(self, client: Client) -> None:
        jobs = client.take(*(client.order("sleep 120") for _ in range(4)))
        client.started(jobs[:1])
        outcomes = {change.outcome for change in client.cancel(*jobs)}
        assert outcomes <= {Changed.DONE, Changed.NEVER_RUNS}
        client.gone(jobs)

    @rule("R35")
    def test_a_waiting_job_that_was_cancelled_never_runs(
        self, bench: Bench, client: Client
    ) -> None:
        job, blockers = waiting(client)
        assert client.cancel(job)[0].outcome is Changed.NEVER_RUNS
        tell(bench, blockers)
        client.ended(blockers)
        answer = client.gone([job])[0]
        assert runs(bench, [job]) == [0]
        assert judged(answer, time.time(), cancel_requested=True).state is State.CANCELLED

    @rule("R36")
    def test_a_finished_job_stays_as_it_was(self, bench: Bench, tmp_path: Path) -> None:
        client = bench.client()
        jobs = ended_batch(bench)[:2]
        assert [change.outcome for change in client.cancel(*jobs)] == [Changed.FINISHED] * 2
        assert judged(client.poll(jobs)[0], time.time()).state is State.COMPLETED
        brought(client, jobs, tmp_path)

    @rule("R36")
    def test_an_unknown_job_is_absent(
        self, bench: Bench, client: Client, unknown_id: Callable[[str], str]
    ) -> None:
        odd = stranger(ended_batch(bench)[0], unknown_id)
        assert client.cancel(odd)[0].outcome is Changed.ABSENT

    @rule("R57")
    def test_a_job_that_is_not_the_attempts_own_goes_on(self, bench: Bench, client: Client) -> None:
        other = client.take(client.order(f"{UNTIL_TOLD}; {COUNT}"))[0]
        job = client.take(client.order(UNTIL_TOLD))[0]
        client.started([other, job])
        own, others = client.job_dir(job), client.job_dir(other)
        bench.said(f"cp {others}/id {own}/id && rm -f {own}/started")
        client.cancel(replace(job, scheduler_id=other.scheduler_id))
        tell(bench, [other])
        site = client.ended([other])[0].site
        assert runs(bench, [other]) == [1], "another job was cancelled"
        assert site is not None
        assert site.exit is not None
        assert site.exit.ok, "another job was cancelled"
        tell(bench, [job])

    @rule("R37")
    def test_its_neighbours_go_on(self, bench: Bench, client: Client) -> None:
        jobs = client.take(*(client.order(f"{UNTIL_TOLD}; {COUNT}") for _ in range(3)))
        client.started(jobs[:1])
        client.cancel(jobs[1])
        client.gone(jobs[1:2])
        others = [jobs[0], jobs[2]]
        tell(bench, others)
        answers = client.ended(others)
        assert [a.site and a.site.exit and a.site.exit.ok for a in answers] == [True, True]
        assert runs(bench, jobs) == [1, 0, 1]
