"""R12 to R15: each command runs once, whoever hands it in, how often, and whatever breaks."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from sojourn.errors import ConnectionLost
from sojourn.testing.bench import Bench
from sojourn.testing.client import Client, essence, requests
from sojourn.testing.marks import rule
from sojourn.testing.situations import COUNT, finish, runs
from sojourn.testing.suites.base import Suite
from sojourn.testing.transports import CutTransport
from sojourn.testing.worker import KILLED, Task
from sojourn.transports.base import Transport
from sojourn.values.messages import JobOrder, Settled

BATCH = 3
"""Jobs of a submission that is cut or killed."""
CLIENTS = 10


def batch(client: Client) -> list[JobOrder]:
    """Orders whose runs can be counted."""
    return [client.order(COUNT, env={"PADDING": "x" * 500}) for _ in range(BATCH)]


def submission_bytes(bench: Bench) -> int:
    """How many bytes pass when such a batch is handed in."""

    def measure() -> int:
        client = bench.client()
        client.submit(batch(client))  # finds out about the machine, which is done once
        with client.counted() as cost:
            client.submit(batch(client))
        return cost["bytes_sent"] + cost["bytes_received"]

    return bench.once("submission bytes", measure)


def spread(points: int, length: int) -> list[int]:
    """So many places in a stream, early, late and in between."""
    return [length * n // (points + 1) for n in range(1, points + 1)]


class Once(Suite):
    """Submitting again, at once, and with an end in the middle."""

    @rule("R12")
    def test_what_is_handed_in_is_not_handed_in_again(self, bench: Bench, client: Client) -> None:
        orders = batch(client)
        first = client.take(*orders)
        again = client.submit(orders)
        assert [one.outcome for one in again] == [Settled.HANDED_IN] * BATCH
        assert [one.scheduler_id for one in again] == [job.scheduler_id for job in first]
        client.ended(first)
        client.gone(first)
        other = bench.client()
        late = other.submit(orders)
        assert [one.outcome for one in late] == [Settled.HANDED_IN] * BATCH
        assert runs(bench, orders) == [1] * BATCH

    @rule("R12")
    def test_a_batch_of_old_and_new_hands_in_the_new(self, bench: Bench, client: Client) -> None:
        orders = batch(client)
        client.take(*orders[:1])
        client.ended(client.take(*orders))
        assert runs(bench, orders) == [1] * BATCH

    @rule("R13")
    def test_ten_clients_at_once_start_one_run(self, bench: Bench) -> None:
        orders = batch(bench.client())
        clients = [bench.client() for _ in range(CLIENTS)]
        for one in clients:
            one.context.facts.update(clients[0].context.facts)
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(lambda one: one.submit(orders), clients))
        outcomes = {answer.outcome for given in answers for answer in given}
        assert outcomes <= {Settled.HANDED_IN, Settled.PENDING}
        jobs = clients[0].take(*orders)
        clients[0].ended(jobs)
        clients[0].gone(jobs)
        assert runs(bench, orders) == [1] * BATCH
        for given in answers:
            for answer, job in zip(given, jobs, strict=True):
                if answer.outcome is Settled.HANDED_IN:
                    assert answer.scheduler_id == job.scheduler_id, "two clients follow two jobs"


class OnceInProcesses(Suite):
    """The same with clients that are processes, and end as processes do."""

    @rule("R13")
    def test_ten_processes_at_once_start_one_run(self, bench: Bench, tmp_path: Path) -> None:
        client = bench.client()
        orders = batch(client)
        crew = bench.crew(tmp_path / "crew", *[Task("submit", orders)] * CLIENTS)
        answers = [answer for given in crew.answers() for answer in given]
        assert {one.outcome for one in answers} <= {Settled.HANDED_IN, Settled.PENDING}
        jobs = client.take(*orders)
        client.ended(jobs)
        client.gone(jobs)
        assert runs(bench, orders) == [1] * BATCH

    @rule("R14")
    def test_a_client_killed_anywhere_leaves_what_the_next_one_settles(
        self, bench: Bench, points: int, tmp_path: Path
    ) -> None:
        client = bench.client()
        killed = {point: batch(client) for point in spread(points, submission_bytes(bench))}
        tasks = [Task("submit", orders, die_after=point) for point, orders in killed.items()]
        crew = bench.crew(tmp_path / "crew", *tasks)
        assert set(crew.run()) == {KILLED}
        bench.abandoned(crew)
        orders = [order for batch in killed.values() for order in batch]
        finish(client, orders)
        assert runs(bench, orders) == [1] * len(orders)

    @rule("R14")
    def test_a_client_killed_while_it_asks_changes_nothing(
        self, bench: Bench, client: Client, tmp_path: Path
    ) -> None:
        orders = [client.order(f"{COUNT}; echo {n} >n", outputs=("n",)) for n in range(BATCH)]
        jobs = client.take(*orders)
        client.ended(jobs)
        client.gone(jobs)
        batches: dict[str, Sequence[Any]] = {
            "poll": jobs,
            "fetch": requests(jobs, tmp_path / "here"),
            "cancel": jobs,
        }
        before, tasks = {}, []
        for hook, asked in batches.items():
            with client.counted() as cost:
                before[hook] = essence(getattr(bench.backend, hook)(client.context, asked))
            half = (cost["bytes_sent"] + cost["bytes_received"]) // 2
            tasks.append(Task(hook, asked, die_after=half))
        crew = bench.crew(tmp_path / "crew", *tasks)
        assert set(crew.run()) == {KILLED}
        bench.abandoned(crew)
        for hook, asked in batches.items():
            again = essence(getattr(bench.backend, hook)(client.context, asked))
            assert again == before[hook], f"{hook} answers something else now"
        assert runs(bench, orders) == [1] * BATCH


class Cuts(Suite):
    """Submissions that lose their connection."""

    @rule("R15")
    def test_a_submission_cut_anywhere_runs_each_command_once(
        self, bench: Bench, points: int
    ) -> None:
        client = bench.client()
        cut: list[JobOrder] = []
        for point in spread(2 * points, submission_bytes(bench)):
            orders = batch(client)
            cut += orders
            self.lose(bench, orders, point)
        finish(client, cut)
        assert runs(bench, cut) == [1] * len(cut)

    @rule("R15")
    def test_a_cut_at_the_end_is_told_or_answered(self, bench: Bench) -> None:
        client = bench.client()
        orders = batch(client)
        self.lose(bench, orders, submission_bytes(bench) - 20)
        finish(client, orders)
        assert runs(bench, orders) == [1] * BATCH

    def lose(self, bench: Bench, orders: Sequence[JobOrder], point: int) -> None:
        """Hand in through a connection that ends after `point` bytes; nobody tries again."""
        made: list[CutTransport] = []

        def cut(inner: Transport) -> CutTransport:
            made.append(CutTransport(inner, [point]))
            return made[-1]

        client = bench.client(cut)
        client.context.facts.update(bench.client().context.facts)
        with suppress(ConnectionLost):  # where the last bytes were not waited for, it may answer
            client.submit(orders)
        made[0].settle()
