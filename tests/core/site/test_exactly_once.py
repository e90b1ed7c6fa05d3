"""Submissions cut at any byte: whatever was cut, in the end each command ran once."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from sojourn.batch.scheduler import CommandResult, Conversation, QueueEntry, SubmitReply, Verdict
from sojourn.errors import ConnectionLost
from sojourn.site.context import MachineContext
from sojourn.site.finding import find
from sojourn.site.handin import hand_in
from sojourn.site.submission import Slice, Submission
from sojourn.testing.transports import CutTransport
from sojourn.transports.local import LocalTransport
from sojourn.values.messages import JobOrder, JobRef, Settled
from tests.support.site import OnTheSpot, context, job_dir, order

COUNT = 'echo ran >> "$SOJOURN_JOB_DIR/count"'


def orders(number: int) -> list[JobOrder]:
    return [order(n, COUNT, env={"PADDING": "x" * 300}) for n in range(number)]


def nothing_found(names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
    yield "true"
    return ()


def aged(where: MachineContext) -> None:
    """Make every claim look two minutes old, so that it is settled and not waited for."""
    for claim in Path(where.machine.root).glob("jobs/*/*/*/claim"):
        words = claim.read_text().split()
        if words:
            claim.write_text(" ".join([words[0], words[1], str(int(words[2]) - 120), *words[3:]]))


def ran(where: MachineContext, one: JobOrder) -> int:
    attempts = job_dir(where, one).parent.glob("*/count")
    return sum(len(count.read_text().splitlines()) for count in attempts)


@pytest.mark.parametrize("seed", range(24))
def test_each_command_runs_once_whatever_is_cut(tmp_path: Path, seed: int) -> None:
    where = context(tmp_path / "root")
    transport = CutTransport.seeded(LocalTransport(), seed, cuts=3)
    where.transport = transport
    waiting = {one.signature: one for one in orders(12)}
    for _ in range(12):
        if not waiting:
            break
        batch = list(waiting.values())
        try:
            with where.trip(create=True) as dialogue:
                answers = hand_in(
                    dialogue, where, [Submission(tuple(batch), array=True)], OnTheSpot()
                )
        except ConnectionLost:
            transport.close()  # what was cut off comes to its own end
            aged(where)
            refs = [JobRef(one.signature, one.attempt) for one in batch]
            where.transport = transport = CutTransport(LocalTransport(), ())
            with where.trip() as dialogue:
                answers = find(dialogue, refs, nothing_found, OnTheSpot())
        for (signature, attempt), answer in answers.items():
            if answer.outcome is Settled.HANDED_IN:
                waiting.pop(signature, None)
            elif answer.outcome is Settled.CLOSED:
                waiting[signature] = order(
                    int(signature, 16), COUNT, attempt=attempt + 1, env={"PADDING": "x" * 300}
                )
    transport.close()
    assert not waiting
    assert [ran(where, one) for one in orders(12)] == [1] * 12


class Refusing(OnTheSpot):
    """A scheduler that takes arrays of up to `size` and so many of them."""

    def __init__(self, size: int, calls: int = 99, verdict: Verdict = Verdict.FULL) -> None:
        super().__init__()
        self._size, self._left, self._verdict = size, calls, verdict

    def command(self, submission: Submission, part: Slice, after: Sequence[str]) -> str:
        if part.last - part.first + 1 > self._size or self._left == 0:
            return "echo too many >&2; exit 1"
        self._left -= 1
        return super().command(submission, part, after)

    def read(self, result: CommandResult) -> SubmitReply:
        taken = super().read(result)
        return taken if taken.id else SubmitReply(self._verdict, reason="too many")


def test_a_refused_array_is_halved_until_it_fits(tmp_path: Path) -> None:
    where = context(tmp_path)
    batch = orders(10)
    with where.trip(create=True) as dialogue:
        answers = hand_in(dialogue, where, [Submission(tuple(batch), array=True)], Refusing(3))
    assert {answer.outcome for answer in answers.values()} == {Settled.HANDED_IN}
    assert [ran(where, one) for one in batch] == [1] * 10


def test_what_does_not_fit_gives_its_claim_back(tmp_path: Path) -> None:
    where = context(tmp_path)
    batch = orders(8)
    with where.trip(create=True) as dialogue:
        answers = hand_in(dialogue, where, [Submission(tuple(batch), array=True)], Refusing(2, 2))
    taken = [answers[one.signature, 1].outcome is Settled.HANDED_IN for one in batch]
    assert sum(taken) == 4
    for one, is_in in zip(batch, taken, strict=True):
        assert (job_dir(where, one) / "claim").exists() == is_in
        assert ran(where, one) == is_in


def test_a_refusal_leaves_no_claim(tmp_path: Path) -> None:
    where = context(tmp_path)
    one = order(1)
    with where.trip(create=True) as dialogue:
        answers = hand_in(
            dialogue, where, [Submission((one,))], Refusing(0, verdict=Verdict.REFUSED)
        )
    assert answers[one.signature, 1].outcome is Settled.REFUSED
    assert not job_dir(where, one).exists()


def test_a_purged_job_counts_as_not_there(tmp_path: Path) -> None:
    where = context(tmp_path)
    one = order(1, COUNT)
    with where.trip(create=True) as dialogue:
        hand_in(dialogue, where, [Submission((one,))], OnTheSpot())
    (job_dir(where, one).parent / "job.json").unlink()
    with where.trip(create=True) as dialogue:
        answers = hand_in(dialogue, where, [Submission((one,))], OnTheSpot())
    assert answers[one.signature, 1].outcome is Settled.HANDED_IN
    assert (job_dir(where, one) / "count").read_text() == "ran\n"


def test_a_young_claim_without_an_id_is_left_alone(tmp_path: Path) -> None:
    where, one = context(tmp_path), order(1)
    with where.trip(create=True) as dialogue:
        now = int(dialogue.hello.now)
    folder = job_dir(where, one)
    folder.mkdir(parents=True)
    (folder.parent / "job.json").write_text("{}\n")
    (folder / "claim").write_text(f"token 0 {now} s\n")
    refs = [JobRef(one.signature, 1)]
    with where.trip() as dialogue:
        young = find(dialogue, refs, nothing_found, OnTheSpot())
    aged(where)
    with where.trip() as dialogue:
        old = find(dialogue, refs, nothing_found, OnTheSpot())
    assert young[one.signature, 1].outcome is Settled.PENDING
    assert old[one.signature, 1].outcome is Settled.CLOSED
    assert (folder / "started").read_text().startswith("closed")


def test_a_claim_found_in_the_queue_is_adopted(tmp_path: Path) -> None:
    where, one = context(tmp_path), order(1)
    folder = job_dir(where, one)
    folder.mkdir(parents=True)
    (folder.parent / "job.json").write_text("{}\n")
    (folder / "claim").write_text("0123456789abcdef 3 1 a\n")

    def search(names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
        assert names == ["sj0123456789ab"]
        yield "true"
        return [QueueEntry(names[0], "77", 2), QueueEntry(names[0], "77", 3)]

    with where.trip(create=True) as dialogue:
        found = find(dialogue, [JobRef(one.signature, 1)], search, OnTheSpot())
    assert found[one.signature, 1].scheduler_id == "77_3"
    assert (folder / "id").read_text() == "77 3\n"


def test_an_empty_claim_is_closed(tmp_path: Path) -> None:
    where, one = context(tmp_path), order(1)
    folder = job_dir(where, one)
    folder.mkdir(parents=True)
    (folder.parent / "job.json").write_text("{}\n")
    (folder / "claim").touch()
    os.utime(folder / "claim", (1, 1))
    with where.trip(create=True) as dialogue:
        found = find(dialogue, [JobRef(one.signature, 1)], nothing_found, OnTheSpot())
    assert found[one.signature, 1].outcome is Settled.CLOSED
