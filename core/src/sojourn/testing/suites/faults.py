"""R19 to R23: what goes wrong on the way changes no answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sojourn.errors import ConnectionLost, MachineError
from sojourn.testing.bench import Bench
from sojourn.testing.client import Client, essence, requests
from sojourn.testing.marks import rule
from sojourn.testing.situations import LONG, tell, waiting
from sojourn.testing.suites.base import Suite
from sojourn.testing.suites.batches import ended_batch
from sojourn.testing.suites.once import spread
from sojourn.testing.transports import (
    CutTransport,
    GarbledTransport,
    NoisyTransport,
    SlowTransport,
    Wrapper,
)
from sojourn.testing.transports.noise import BANNERS
from sojourn.testing.worker import Task
from sojourn.transports.base import Transport
from sojourn.values.messages import Changed, JobRef, Phase

REPEATABLE = ("poll", "find", "fetch", "cancel")


class Asked:
    """One hook asked about jobs that have ended: what it answers through any transport."""

    def __init__(self, bench: Bench, hook: str, jobs: Sequence[JobRef], into: Path) -> None:
        self._bench, self._hook, self._into = bench, hook, into
        self._jobs = list(jobs)[:6]
        sound = bench.client()
        sound.gone(self._jobs)  # finds out about the machine, too, which is done once
        self._facts = dict(sound.context.facts)
        with sound.counted() as cost:
            self.answer = self._ask(sound)
        self.sent, self.received = cost["bytes_sent"], cost["bytes_received"]

    def through(self, wrapper: Wrapper | None) -> Any:
        """The answer through a transport with something in front of it."""
        client = self._bench.client(wrapper)
        client.context.facts.update(self._facts)
        return self._ask(client)

    def _ask(self, client: Client) -> Any:
        batch = requests(self._jobs, self._into) if self._hook == "fetch" else self._jobs
        return essence(getattr(self._bench.backend, self._hook)(client.context, batch))

    def files(self) -> list[str]:
        """What a fetch has brought."""
        return [(self._into / job.signature / "n").read_text() for job in self._jobs]


class Faults(Suite):
    """Cuts, noise, garbage and slowness."""

    @pytest.fixture(params=REPEATABLE)
    def asked(self, request: pytest.FixtureRequest, bench: Bench, tmp_path: Path) -> Asked:
        """Each hook that may be repeated, asked about jobs that have ended."""
        return Asked(bench, request.param, ended_batch(bench), tmp_path)

    @rule("R19")
    def test_a_cut_anywhere_is_told_and_repeating_helps(self, asked: Asked, points: int) -> None:
        for point in spread(points, asked.sent + asked.received):
            cut = Cut(point)
            try:
                answer = asked.through(cut)
            except ConnectionLost:
                pass
            else:
                assert answer == asked.answer, f"another answer after a cut at {point}"
            cut.made.settle()
        assert asked.through(None) == asked.answer

    @rule("R19")
    def test_a_cancel_that_was_cut_can_be_repeated(self, bench: Bench, points: int) -> None:
        client = bench.client()
        jobs = client.take(*(client.order(LONG) for _ in range(3)))
        client.started(jobs[:1])
        for point in spread(min(points, 3), 6000):
            cut = Cut(point)
            losing = bench.client(cut)
            losing.context.facts.update(client.context.facts)
            try:
                losing.cancel(*jobs)
            except ConnectionLost:
                cut.made.settle()
        over = {Changed.DONE, Changed.NEVER_RUNS, Changed.FINISHED}
        assert {change.outcome for change in client.cancel(*jobs)} <= over
        client.gone(jobs)

    @rule("R20")
    @pytest.mark.parametrize("banner", BANNERS, ids=range(len(BANNERS)))
    def test_banners_change_nothing(self, bench: Bench, banner: bytes, tmp_path: Path) -> None:
        client = bench.client(lambda inner: NoisyTransport(inner, banner))
        order = client.order("echo noise > n", outputs=("n",))
        job = client.take(order)[0]
        client.ended([job])
        (answer,) = client.fetch([job], tmp_path)
        assert answer.error == ""
        assert (tmp_path / job.signature / "n").read_text() == "noise\n"
        assert client.cancel(job)[0].outcome is Changed.FINISHED

    @rule("R21")
    def test_garbage_is_never_an_answer(self, asked: Asked, points: int) -> None:
        for point in spread(2 * points, asked.received):
            try:
                answer = asked.through(Garbled(point))
            except MachineError:
                continue
            assert answer == asked.answer, f"garbage from byte {point} on was taken for an answer"
        assert asked.through(None) == asked.answer

    @rule("R22")
    def test_small_pieces_make_whole_answers(self, asked: Asked) -> None:
        assert asked.through(SlowTransport) == asked.answer

    @rule("R23")
    def test_another_process_gets_the_same_answers(self, bench: Bench, tmp_path: Path) -> None:
        jobs = ended_batch(bench)[:3]
        here = bench.client().gone(jobs)
        (there,) = bench.crew(tmp_path / "crew", Task("poll", jobs)).answers()
        assert essence(there) == essence(here)

    @rule("R23")
    def test_another_process_can_cancel(self, bench: Bench, client: Client, tmp_path: Path) -> None:
        job = client.take(client.order(LONG))[0]
        client.started([job])
        ((change,),) = bench.crew(tmp_path / "crew", Task("cancel", [job])).answers()
        assert change.outcome is Changed.DONE
        client.gone([job])

    @rule("R23")
    def test_another_client_sees_a_waiting_job(self, bench: Bench, client: Client) -> None:
        job, blockers = waiting(client)
        word = bench.client().poll([job])[0].word
        tell(bench, blockers)
        assert word.phase in (Phase.WAITING, Phase.HELD)
        client.ended([job])


class Cut:
    """Cuts the first channel of one transport, which is kept to be settled."""

    def __init__(self, point: int) -> None:
        self._point = point
        self.made: CutTransport

    def __call__(self, inner: Transport) -> CutTransport:
        self.made = CutTransport(inner, [self._point])
        return self.made


class Garbled:
    """Garbles every channel of one transport from a byte on."""

    def __init__(self, point: int) -> None:
        self._point = point

    def __call__(self, inner: Transport) -> Transport:
        return GarbledTransport(inner, self._point, seed=self._point)
