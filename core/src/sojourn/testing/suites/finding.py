"""R16 to R18: what find says of attempts with an unknown outcome."""

import secrets

import pytest

from sojourn.testing.bench import Bench
from sojourn.testing.client import Client, ref
from sojourn.testing.marks import rule
from sojourn.testing.situations import (
    COUNT,
    LONG,
    UNTIL_TOLD,
    claim,
    grow_old,
    runs,
    tell,
    waiting,
)
from sojourn.testing.suites.base import Suite
from sojourn.values.messages import JobRef, Settled


def forgotten(job: JobRef) -> JobRef:
    """The attempt as a client knows it that got no answer."""
    return JobRef(job.signature, job.attempt)


class Finding(Suite):
    """Adopt, close, or leave alone."""

    @rule("R16")
    def test_a_waiting_job_without_an_id_is_adopted(self, bench: Bench, client: Client) -> None:
        job, blockers = waiting(client)
        bench.said(f"rm {client.job_dir(job)}/id")
        grow_old(bench, [job])
        found = client.find([forgotten(job)])[0]
        assert found.outcome is Settled.HANDED_IN
        assert found.scheduler_id == job.scheduler_id, "adopted under another id"
        assert found.token == job.token
        # What was adopted is known to the files as well: asked again, the queue is not needed.
        assert client.find([forgotten(job)])[0].scheduler_id == job.scheduler_id
        tell(bench, blockers)
        client.ended([ref(found)])
        assert runs(bench, [job]) == [1]

    @rule("R16")
    def test_a_running_job_without_an_id_is_found(self, bench: Bench, client: Client) -> None:
        first, second = client.take(client.order(UNTIL_TOLD), client.order(LONG))
        client.started([first])
        tell(bench, [first])  # a machine may run one job at a time
        client.started([second])
        bench.said(f"rm {client.job_dir(second)}/id")
        grow_old(bench, [second])
        found = client.find([forgotten(second)])[0]
        assert (found.outcome, found.scheduler_id) == (Settled.HANDED_IN, second.scheduler_id)

    @rule("R16")
    def test_an_ended_job_is_found(self, client: Client) -> None:
        job = client.take(client.order("true"))[0]
        client.ended([job])
        found = client.find([forgotten(job)])[0]
        assert (found.outcome, found.scheduler_id) == (Settled.HANDED_IN, job.scheduler_id)

    @rule("R17")
    @pytest.mark.parametrize("text", ["token", ""], ids=["claimed", "empty-claim"])
    def test_an_old_claim_in_no_queue_is_closed(
        self, bench: Bench, client: Client, text: str
    ) -> None:
        order = client.order(COUNT)
        claim(bench, order, text and f"{secrets.token_hex(16)} 0", age=300)
        asked = JobRef(order.signature, 1)
        assert client.find([asked])[0].outcome is Settled.CLOSED
        assert bench.said(f"cat {client.job_dir(order)}/started").startswith("closed")
        assert client.find([asked])[0].outcome is Settled.CLOSED, "what is closed stays closed"
        assert client.submit([order])[0].outcome is Settled.CLOSED, "handed in after it was closed"

    @rule("R18")
    def test_a_young_claim_is_left_alone(self, bench: Bench, client: Client) -> None:
        order = client.order(COUNT)
        claim(bench, order, f"{secrets.token_hex(16)} 0", age=5)
        asked = JobRef(order.signature, 1)
        assert client.find([asked])[0].outcome is Settled.PENDING
        assert client.submit([order])[0].outcome is Settled.PENDING
        assert bench.shell(f"test -e {client.job_dir(order)}/started").status != 0

    @rule("R18")
    def test_what_is_not_claimed_is_absent(self, bench: Bench, client: Client) -> None:
        never, made = client.order(COUNT), client.order(COUNT)
        claim(bench, made, None)
        asked = [JobRef(order.signature, 1) for order in (never, made)]
        assert [one.outcome for one in client.find(asked)] == [Settled.ABSENT] * 2
        client.ended(client.take(never, made))
        assert runs(bench, [never, made]) == [1, 1]

    @rule("R18")
    def test_another_attempt_is_another_matter(self, client: Client) -> None:
        job = client.take(client.order("true"))[0]
        client.ended([job])
        assert client.find([JobRef(job.signature, 2)])[0].outcome is Settled.ABSENT
