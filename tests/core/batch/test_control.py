"""Cancelling on a machine: what is marked as about to be cancelled, and what keeps no mark."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

import pytest

from sojourn.batch.changing import Change as Wanted
from sojourn.batch.control import control
from sojourn.batch.scheduler import Conversation, QueueEntry, Response, Took
from sojourn.errors import SchedulerUnavailable
from sojourn.site import layout
from sojourn.site.context import MachineContext
from sojourn.site.evidence import mark_cancelled
from sojourn.values.messages import Change, Changed, JobRef
from tests.support.site import OnTheSpot, context, job_dir, order

ONE = order(1)
TOKEN = "0123456789abcdef"


@pytest.fixture
def where(tmp_path: Path) -> MachineContext:
    return context(tmp_path / "root dir")


@pytest.fixture
def running(where: MachineContext) -> Path:
    """The directory of an attempt that runs as job 7."""
    with where.trip(create=True):
        folder = job_dir(where, ONE)
    folder.mkdir(parents=True)
    (folder.parent / "job.json").write_text("{}")
    (folder / "claim").write_text(f"{TOKEN} 0 1 s\n")
    (folder / "started").write_text(f"{TOKEN} 7 1 n.1.1\n")
    return folder


class Queue:
    """A scheduler that gives one answer, and what it has seen of the mark by then."""

    def __init__(self, mark: Path, *answers: Response) -> None:
        self.mark, self.answers = mark, list(answers)
        self.entries: list[QueueEntry] = []
        self.marked: list[str] = []

    def cancel(self, jobs: Mapping[str, str]) -> Conversation[Mapping[str, Response]]:
        result = yield f"ls {quote(str(self.mark))}"
        self.marked.append(Path(result.stdout.strip()).name)
        if not self.answers:
            raise SchedulerUnavailable("connection refused")
        return dict.fromkeys(jobs, self.answers.pop(0))

    def search(self, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
        yield "true"
        return self.entries


def cancel(where: MachineContext, queue: Queue) -> Change:
    ref = JobRef(ONE.signature, 1, TOKEN, 0, "7")
    with where.trip() as dialogue:
        return control(dialogue, [ref], Wanted.CANCEL, queue.cancel, queue.search, OnTheSpot())[0]


@pytest.mark.parametrize(
    ("took", "outcome", "stays"),
    [
        (Took.DONE, Changed.DONE, True),
        (Took.FINISHED, Changed.FINISHED, True),
        (Took.UNKNOWN, Changed.ABSENT, False),
        (Took.REFUSED, Changed.REFUSED, False),
        (Took.FOREIGN, Changed.REFUSED, False),
    ],
)
def test_a_job_is_marked_before_it_is_cancelled_and_unmarked_if_it_goes_on(
    where: MachineContext, running: Path, took: Took, outcome: Changed, stays: bool
) -> None:
    queue = Queue(running / "cancelled", Response(took, "so"))
    change = cancel(where, queue)
    assert (change.outcome, change.reason) == (outcome, "so")
    assert queue.marked == ["cancelled"]
    assert (running / "cancelled").exists() is stays


def test_what_an_earlier_cancel_has_marked_may_be_ending(
    where: MachineContext, running: Path
) -> None:
    (running / "cancelled").write_text("")
    change = cancel(where, Queue(running / "cancelled", Response(Took.UNKNOWN)))
    assert change.outcome is Changed.ABSENT
    assert (running / "cancelled").exists()


def test_one_that_is_found_under_its_own_id_keeps_its_mark(
    where: MachineContext, running: Path
) -> None:
    queue = Queue(running / "cancelled", Response(Took.FOREIGN), Response(Took.DONE))
    queue.entries = [QueueEntry(layout.queue_name(TOKEN), "8", None)]
    assert cancel(where, queue).outcome is Changed.DONE
    assert (running / "cancelled").exists()


def test_a_scheduler_that_does_not_answer_leaves_no_mark(
    where: MachineContext, running: Path
) -> None:
    queue = Queue(running / "cancelled")
    with pytest.raises(SchedulerUnavailable):
        cancel(where, queue)
    assert queue.marked == ["cancelled"]
    assert not (running / "cancelled").exists()


def test_one_that_ended_before_the_mark_gets_none(where: MachineContext, running: Path) -> None:
    """Between a look at its files and the mark."""
    (running / "exit").write_text("")
    with where.trip() as dialogue:
        mark_cancelled(dialogue, [(ONE.signature, 1)])
    assert not (running / "cancelled").exists()
