"""R38 to R45: what a backend may be able to do; a test runs where the backend claims it."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sojourn.errors import UnsupportedResource
from sojourn.states import State
from sojourn.testing.bench import Bench, Benches
from sojourn.testing.client import Client
from sojourn.testing.marks import rule
from sojourn.testing.situations import COUNT, UNTIL_TOLD, after, judged, runs, tell, waiting
from sojourn.testing.suites.base import Suite
from sojourn.testing.suites.jobs import brought, fetched
from sojourn.values.messages import Changed, Phase
from sojourn.values.resources import Resources

TASKS = 60
ARRAY_CALLS = 10
"""Calls of the scheduler that so many equal jobs may take, finding out about it included."""


class Holding(Suite):
    """Hold and release."""

    @rule("R38")
    def test_a_held_job_waits_until_it_is_released(self, bench: Bench, client: Client) -> None:
        job, blockers = waiting(client)
        assert bench.backend.hold(client.context, [job])[0].outcome is Changed.DONE
        client.until([job], lambda answers: answers[0].word.phase is Phase.HELD)
        assert judged(client.poll([job])[0], time.time()).state is State.HELD
        tell(bench, blockers)
        client.ended(blockers)
        client.gone(blockers)
        assert client.poll([job])[0].word.phase is Phase.HELD
        assert runs(bench, [job]) == [0]
        assert bench.backend.release(client.context, [job])[0].outcome is Changed.DONE
        client.ended([job])
        assert runs(bench, [job]) == [1]

    @rule("R38")
    def test_a_held_job_can_be_cancelled(self, bench: Bench, client: Client) -> None:
        job, blockers = waiting(client)
        bench.backend.hold(client.context, [job])
        assert client.cancel(job)[0].outcome is Changed.NEVER_RUNS
        tell(bench, blockers)
        client.gone([job, *blockers])
        assert runs(bench, [job]) == [0]

    @rule("R38")
    def test_holding_costs_one_trip(self, bench: Bench, client: Client) -> None:
        job, blockers = waiting(client)
        for change in (bench.backend.hold, bench.backend.release):
            with client.counted() as cost:
                change(client.context, [job, *blockers])
            assert cost["trips"] <= 1
        tell(bench, blockers)
        client.ended([job])


class Chains(Suite):
    """Parents and children handed in together."""

    @rule("R39")
    def test_a_child_finds_its_parents_outputs(self, client: Client, tmp_path: Path) -> None:
        first = client.order("sleep 1; echo 1 > o", outputs=("o",))
        middle = client.order("cat from0 > o; echo 2 >> o", outputs=("o",))
        last = client.order("cat from0 from1 > o", outputs=("o",))
        middle = after(middle, first, taking="o")
        last = after(last, first, middle, taking="o")
        with client.counted() as cost:
            jobs = client.take(first, middle, last)
        assert cost["trips"] == 1
        client.ended(jobs)
        assert (brought(client, jobs[2:], tmp_path)[0] / "o").read_text() == "1\n1\n2\n"

    @rule("R39")
    def test_a_child_waits_for_parents_handed_in_earlier(
        self, bench: Bench, client: Client, tmp_path: Path
    ) -> None:
        job, blockers = waiting(client, "echo early > o")
        parent = replace(client.order(), signature=job.signature)
        child = after(client.order("cat from0 > o", outputs=("o",)), parent, taking="o")
        (known,) = child.parents
        child = replace(child, parents=(replace(known, scheduler_id=job.scheduler_id),))
        last = client.take(child)[0]
        tell(bench, blockers)
        client.ended([last])
        assert (brought(client, [last], tmp_path)[0] / "o").read_text() == "early\n"

    @rule("R40")
    @pytest.mark.parametrize("end", ["exit 1", "kill -9 $$", "true"], ids=["fails", "dies", "no-o"])
    def test_a_child_of_a_failed_parent_does_not_run(
        self, bench: Bench, client: Client, end: str
    ) -> None:
        parent = client.order(end, outputs=("o",))
        child = after(client.order(COUNT), parent)
        grandchild = after(client.order(COUNT), child)
        jobs = client.take(parent, child, grandchild)
        answers = client.gone(jobs)
        assert runs(bench, jobs[1:]) == [0, 0]
        judgement = judged(answers[1], time.time())
        assert judgement.state is State.CANCELLED, judgement
        assert judgement.fields["blocked_by"] == parent.signature


class Abilities(Suite):
    """Arrays, usage, scripts, walltime, other users."""

    @rule("R41")
    def test_equal_jobs_take_few_calls(self, client: Client) -> None:
        orders = [client.order(f"exit {n % 2}") for n in range(TASKS)]
        with client.counted() as cost:
            jobs = client.take(*orders)
        assert cost["scheduler_calls"] <= ARRAY_CALLS
        answers = client.ended(jobs)
        assert [a.site and a.site.exit and a.site.exit.status for a in answers] == [
            n % 2 for n in range(TASKS)
        ]

    @rule("R41")
    def test_jobs_that_ask_for_different_things_get_them(self, client: Client) -> None:
        if "walltime" not in client.bench.backend.info.resources:
            pytest.skip("the backend does not honour walltime")
        orders = [
            client.order(f"exit {n}", resources=Resources(walltime=300 + 60 * (n % 2)))
            for n in range(4)
        ]
        answers = client.ended(client.take(*orders))
        assert [a.site and a.site.exit and a.site.exit.status for a in answers] == [0, 1, 2, 3]

    @rule("R42")
    def test_usage_is_reported(self, client: Client) -> None:
        job = client.take(client.order("sleep 2"))[0]
        client.ended([job])
        answer = client.until(
            [job],
            lambda answers: (
                answers[0].word.usage is not None or answers[0].word.phase is Phase.ABSENT
            ),
            saying="waiting for usage",
        )[0]
        if answer.word.phase is Phase.ABSENT:
            pytest.skip("this scheduler forgets a job as it ends, and with it what it has used")
        usage = answer.word.usage
        assert usage is not None
        assert usage.elapsed is not None
        assert 1 <= usage.elapsed < 60

    @rule("R43")
    def test_a_script_runs_as_it_is(self, client: Client, tmp_path: Path) -> None:
        text = '#!/bin/sh -e\n# a comment\nset -- a "b c"\nprintf "%s\\n" "$2" "$0" > o\n'
        bare = text.partition("\n")[2]
        for order in (client.order("", script=one, outputs=("o",)) for one in (text, bare)):
            try:
                (place,) = fetched(client, [order], tmp_path)
            except UnsupportedResource:
                assert order.script == bare, "only a scheduler may refuse a script without #!"
            else:
                assert (place / "o").read_text().startswith("b c\n")

    @rule("R43")
    def test_a_script_for_another_program_is_run_by_it(
        self, client: Client, tmp_path: Path
    ) -> None:
        text = '#!/usr/bin/awk -f\nBEGIN { print 6 * 7 > "o" }\n'
        order = client.order("", script=text, outputs=("o",))
        (place,) = fetched(client, [order], tmp_path)
        assert (place / "o").read_text() == "42\n"

    @rule("R43")
    def test_a_scripts_end_is_the_jobs_end(self, client: Client) -> None:
        job = client.take(client.order("", script="#!/bin/sh\nexit 9\n"))[0]
        answer = client.over([job])[0]
        assert judged(answer, time.time()).exit_code == 9

    @rule("R44")
    def test_a_job_is_ended_at_its_walltime(self, client: Client, walltime: int | None) -> None:
        if walltime is None:
            pytest.skip("fixture walltime is None: the machine takes too long to end a job")
        order = client.order(
            f"sleep {walltime + 300}; true", resources=Resources(walltime=walltime)
        )
        job = client.take(order)[0]
        answer = client.gone([job], seconds=walltime + client.bench.patience)[0]
        judgement = judged(answer, time.time(), cancel_requested=False)
        assert judgement.state is State.TIMEOUT, judgement

    @rule("R45")
    def test_another_user_sees_nothing(
        self,
        bench: Bench,
        client: Client,
        second_user: dict[str, Any] | None,
        kit_plugins: Mapping[str, str],
        kit_benches: Benches,
    ) -> None:
        if second_user is None:
            pytest.skip("no fixture second_user")
        theirs = kit_benches.get(second_user, kit_plugins)
        order = client.order(
            f"echo mine | tee o; {UNTIL_TOLD}", outputs=("o",), env={"KIT": "mine"}
        )
        job = client.take(order)[0]
        client.started([job])
        root = bench.said("pwd").strip()
        folder = f"{root}/{client.job_dir(job)}"
        for attempt in (
            f"ls {root}",
            f"cat {folder}/stdout",
            f"cat {folder}/work/o",
            f"cat {root}/submissions/*/*.task",
            f"echo x > {folder}/exit",
            f"rm -rf {folder}",
        ):
            assert theirs.shell(attempt).status != 0, f"another user could: {attempt}"
        stranger = theirs.client()
        assert stranger.cancel(job)[0].outcome in (Changed.ABSENT, Changed.REFUSED)
        tell(bench, [job])
        answer = client.over([job])[0]
        assert judged(answer, time.time()).state is State.COMPLETED
