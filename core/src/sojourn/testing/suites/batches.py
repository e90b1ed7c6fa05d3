"""R01 to R06: a batch in, a batch out, one trip."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sojourn.errors import MachineError
from sojourn.testing.bench import Bench
from sojourn.testing.client import Client, requests
from sojourn.testing.marks import rule
from sojourn.testing.suites.base import Suite
from sojourn.testing.transports import Unreached
from sojourn.values.messages import Changed, JobRef, Phase, Settled
from sojourn.values.resources import Resources

MANY = 30
"""Jobs of a batch whose cost is looked at."""
MOST_CALLS = 12
"""Calls of the scheduler that such a batch may take."""
BATCH_HOOKS = {
    "sojourn_submit": "orders",
    "sojourn_find": "jobs",
    "sojourn_poll": "jobs",
    "sojourn_fetch": "requests",
    "sojourn_cancel": "jobs",
    "sojourn_hold": "jobs",
    "sojourn_release": "jobs",
}


def ended_batch(bench: Bench) -> list[JobRef]:
    """Jobs that have ended, each with an output `n` that holds its number; made once a bench."""

    def make() -> list[JobRef]:
        client = bench.client()
        orders = [client.order(f"echo {n} > n", outputs=("n",)) for n in range(MANY)]
        jobs = client.take(*orders)
        client.ended(jobs)
        return jobs

    return bench.once("ended batch", make)


def stranger(known: JobRef, unknown_id: Callable[[str], str]) -> JobRef:
    """An attempt that nobody has handed in, with an id that the scheduler has not given."""
    return JobRef("0" * 63 + "1", 1, "", 0, unknown_id(known.scheduler_id))


class Batches(Suite):
    """Every job answered, at one trip a hook."""

    @rule("R01")
    def test_every_job_of_a_batch_is_answered(self, client: Client, tmp_path: Path) -> None:
        orders = [client.order(f"echo {n} > n", outputs=("n",)) for n in range(7)]
        asked = [(order.signature, order.attempt) for order in orders]
        settled = client.submit(orders)
        assert [(one.signature, one.attempt) for one in settled] == asked
        assert [one.outcome for one in settled] == [Settled.HANDED_IN] * 7
        assert len({one.scheduler_id for one in settled}) == 7, "two jobs share an id"
        jobs = [client.refs[key] for key in asked]
        ended = client.ended(jobs)
        assert [(one.signature, one.attempt) for one in ended] == asked
        assert [(one.signature, one.attempt) for one in client.find(jobs)] == asked
        assert [(one.signature, one.attempt) for one in client.cancel(*jobs)] == asked
        assert [one.signature for one in client.fetch(jobs, tmp_path)] == [k for k, _ in asked]

    @rule("R01")
    def test_answers_come_with_the_job_they_are_about(self, bench: Bench, tmp_path: Path) -> None:
        jobs = ended_batch(bench)
        client = bench.client()
        client.fetch(list(reversed(jobs)), tmp_path)
        for number, job in enumerate(jobs):
            assert (tmp_path / job.signature / "n").read_text() == f"{number}\n"

    @rule("R02")
    def test_each_hook_costs_one_trip_at_most(self, client: Client, tmp_path: Path) -> None:
        costs: dict[str, dict[str, int]] = {}
        jobs = client.take(*(client.order("echo > o", outputs=("o",)) for _ in range(4)))
        client.ended(jobs)
        orders = [client.order("sleep 30") for _ in range(4)]
        operations: dict[str, Callable[[], object]] = {
            "submit": lambda: jobs.extend(client.take(*orders)),
            "poll": lambda: client.poll(jobs),
            "find": lambda: client.find(jobs),
            "cancel": lambda: client.cancel(*jobs),
            "fetch": lambda: client.fetch(jobs, tmp_path),
        }
        for name, operation in operations.items():
            with client.counted() as costs[name]:
                operation()
        assert {name: cost["trips"] for name, cost in costs.items() if cost["trips"] > 1} == {}

    @rule("R03")
    @pytest.mark.parametrize("hook", list(BATCH_HOOKS))
    def test_an_empty_batch_costs_nothing(self, bench: Bench, client: Client, hook: str) -> None:
        with client.counted() as cost:
            # Core never asks about nothing; the hook itself must bear it.
            answer = bench.ask(hook, context=client.context, **{BATCH_HOOKS[hook]: []})
        assert not answer, f"{hook} answers nothing with {answer!r}"
        assert cost["trips"] == cost["scheduler_calls"] == 0

    @rule("R04")
    def test_one_unknown_job_among_many_spoils_nothing(
        self, bench: Bench, client: Client, unknown_id: Callable[[str], str], tmp_path: Path
    ) -> None:
        done = ended_batch(bench)
        odd = stranger(done[0], unknown_id)
        jobs = [*done[:10], odd, *done[10:]]
        polled = client.poll(jobs)
        assert sum(a.site is not None and a.site.exit is not None for a in polled) == len(done)
        assert polled[10].word.phase in (Phase.ABSENT, Phase.UNKNOWN)
        assert client.find(jobs)[10].outcome is Settled.ABSENT
        changed = client.cancel(*jobs)
        assert [c.outcome for c in changed].count(Changed.FINISHED) == len(done)
        assert changed[10].outcome is Changed.ABSENT
        fetched = client.fetch(jobs, tmp_path)
        assert fetched[10].error
        assert [a.error for a in fetched if a.signature != odd.signature] == [""] * len(done)

    @rule("R04")
    def test_one_refused_job_among_fifty_keeps_none_from_running(
        self, client: Client, refused_resources: dict[str, Any] | None
    ) -> None:
        if refused_resources is None:
            pytest.skip("this machine refuses no job: fixture refused_resources is None")
        orders = [client.order("true") for _ in range(50)]
        orders[20] = client.order("true", resources=Resources(**refused_resources))
        settled = client.submit(orders)
        assert settled[20].outcome is Settled.REFUSED
        assert settled[20].reason, "a refusal says why"
        taken = [one for one in settled if one.outcome is Settled.HANDED_IN]
        assert len(taken) == 49
        client.ended([client.refs[one.signature, 1] for one in taken])

    @rule("R04")
    def test_one_failing_job_among_many_fails_alone(self, client: Client) -> None:
        commands = ["true"] * 6 + ["exit 3"] + ["true"] * 5
        answers = client.ended(client.take(*(client.order(command) for command in commands)))
        verdicts = [
            a.site is not None and a.site.exit is not None and a.site.exit.ok for a in answers
        ]
        assert verdicts == [command == "true" for command in commands]

    @rule("R05")
    @pytest.mark.parametrize("hook", ["submit", "find", "poll", "fetch", "cancel"])
    def test_a_machine_that_is_not_reached_is_an_exception(
        self, bench: Bench, hook: str, tmp_path: Path
    ) -> None:
        done = ended_batch(bench)
        away = bench.client(Unreached).context
        batch: dict[str, Any] = {
            "submit": [bench.client().order()],
            "fetch": requests(done, tmp_path),
        }
        ask_for = getattr(bench.backend, hook)
        with pytest.raises(MachineError):
            ask_for(away, batch.get(hook, done))

    @rule("R06")
    def test_many_jobs_take_few_calls_of_the_scheduler(self, bench: Bench, client: Client) -> None:
        jobs = ended_batch(bench)
        calls = {}
        for name in ("poll", "find", "cancel"):
            with client.counted() as cost:
                getattr(bench.backend, name)(client.context, jobs)
            calls[name] = cost["scheduler_calls"]
        assert {name: n for name, n in calls.items() if n > MOST_CALLS} == {}
